"""Which case a reply names, and who may say so."""

import pytest

from shared import thread

KEY = b"k"
ANNA, BO = "anna@medborgare.example", "bo@medborgare.example"
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def ours(case_id: str, recipient: str = ANNA, nonce: str = "n1") -> str:
    return thread.message_id(KEY, case_id, recipient, nonce, "kommun.example")


def marked(case_id: str, recipient: str = ANNA) -> str:
    return thread.reply_address(KEY, "kontakt@kommun.example", case_id, recipient)


def test_the_reply_address_goes_before_every_message_id() -> None:
    found = thread.find(KEY, [ours(TWO)], ANNA, ["bo@x.example", marked(ONE)])
    assert found == thread.ThreadToken(ONE, proven=True)


def test_what_it_answers_goes_before_the_thread_and_the_thread_from_last_to_first() -> None:
    assert thread.find(KEY, [ours(ONE), ours(TWO), "<their@x>"], ANNA) == thread.ThreadToken(TWO, proven=True)
    assert thread.find(KEY, ["<their@x>", ours(ONE)], ANNA) == thread.ThreadToken(ONE, proven=True)


@pytest.mark.parametrize("addresses", [(), (marked(ONE),)])
def test_a_token_of_somebody_else_proves_nothing(addresses: tuple[str, ...]) -> None:
    references = [] if addresses else [ours(ONE)]
    assert thread.find(KEY, references, BO, addresses) == thread.ThreadToken(ONE, proven=False)


def test_another_mail_of_the_same_case_proves_it_when_we_wrote_to_several_addresses() -> None:
    assert thread.find(KEY, [ours(ONE), ours(ONE, BO)], ANNA) == thread.ThreadToken(ONE, proven=True)


def test_a_token_of_ones_own_for_another_case_does_not_open_the_one_that_is_answered() -> None:
    assert thread.find(KEY, [ours(TWO), ours(ONE, BO)], ANNA) == thread.ThreadToken(ONE, proven=False)


def test_nothing_of_ours_names_no_case() -> None:
    assert thread.find(KEY, ["<a@b>"], ANNA, ["kontakt@kommun.example", "kontakt+hej@kommun.example"]) is None


def test_the_reply_address_survives_programs_that_change_the_letters() -> None:
    assert thread.find(KEY, [], ANNA.upper(), [marked(ONE).upper()]) == thread.ThreadToken(ONE, proven=True)
    assert thread.plain_address(marked(ONE)) == "kontakt@kommun.example"
    assert thread.plain_address("anna+kommun@x.example") == "anna+kommun@x.example"


def test_a_mailbox_whose_name_leaves_no_room_keeps_its_plain_address() -> None:
    long = f"{'a' * 22}@kommun.example"
    assert thread.reply_address(KEY, long, ONE, ANNA) == long
    assert len(thread.reply_address(KEY, long[1:], ONE, ANNA).partition("@")[0]) == thread.LONGEST_LOCAL_PART


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Re: Kallt [KC-2026-000123]", "KC-2026-000123"),
        ("Angående kc-2026-000123", "KC-2026-000123"),
        ("Sv: [KC-2026-000001] och [KC-2026-000002]", "KC-2026-000001"),
        ("KC-2026-12", None),
        ("ABCKC-2026-000123", None),
        ("KC-2026-000123-4", None),
        ("", None),
    ],
)
def test_a_case_number_in_the_subject_is_read(subject: str, number: str | None) -> None:
    assert thread.tag(subject) == number


def test_a_subject_is_tagged_once_and_by_the_case_it_is_about_now() -> None:
    assert thread.tagged("Re: Kallt", "KC-2026-000123") == "Re: Kallt [KC-2026-000123]"
    assert thread.tagged("Re: Kallt [KC-2026-000001] ", "KC-2026-000123") == "Re: Kallt [KC-2026-000123]"
