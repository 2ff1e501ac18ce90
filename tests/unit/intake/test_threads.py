"""Which case a mail belongs to by our token."""

import pytest

from services.intake.domain import mail
from services.intake.usecases.threads import Place, place
from shared import thread

KEY, CASE, ANNA = b"k", "0190f3a0-0000-7000-8000-000000000001", "anna.ek@example.se"


def answer(sender: str, more: str = "") -> Place:
    """Return the place of an answer to what we wrote to Anna."""
    ours = thread.message_id(KEY, CASE, ANNA, "n1", "kommun.example")
    return place(KEY, mail.read(f"From: {sender}\r\n{more}In-Reply-To: {ours}\r\nSubject: Sv\r\n\r\nHej".encode()))


def test_the_one_we_wrote_to_follows_up() -> None:
    assert answer(f"Anna Ek <{ANNA}>").follows == CASE


@pytest.mark.parametrize("sender", [f"{ANNA}, mallory@example.com", f"mallory@example.com, {ANNA}"])
def test_a_token_of_one_among_several_senders_only_links(sender: str) -> None:
    found = answer(sender)
    assert (found.follows, found.linked, found.flags) == (None, CASE, ("token_mismatch",))


def test_a_token_of_the_one_whom_another_names_for_his_answers_only_links() -> None:
    found = answer("Mallory", f"Reply-To: {ANNA}\r\n")
    assert (found.follows, found.linked) == (None, CASE)


def test_a_token_of_an_address_within_the_quotes_of_another_proves_nothing() -> None:
    assert answer(f'"{ANNA}"@evil.example(x)').follows is None
