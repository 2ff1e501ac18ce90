"""How long a mailbox waits, and which mails it leaves in peace."""

from services.intake.channels.imap_errors import LoginRefusedError, ServerError
from services.intake.jobs.waits import PASSED_SECONDS, TRIES, Backoff, Tries, Waits
from shared.errors import TransientError


def waits(error: Exception, count: int, lived: float = 0.0) -> list[float]:
    backoff = Backoff(Waits())
    return [backoff.after(error, lived) for _ in range(count)]


def near(value: float, wanted: float) -> bool:
    return wanted * 0.75 <= value <= wanted * 1.25


def test_a_server_that_is_away_is_asked_ever_more_seldom_up_to_once_a_minute() -> None:
    found = waits(ConnectionRefusedError(), 9)
    assert all(near(*pair) for pair in zip(found, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True)), found


def test_the_waits_of_many_mailboxes_are_not_in_step() -> None:
    assert len({Backoff(Waits()).after(ServerError("no"), 0) for _ in range(20)}) == 20


def test_a_refused_login_is_tried_after_a_minute_and_then_every_five_not_to_lock_the_account() -> None:
    found = waits(LoginRefusedError("no"), 6)
    assert all(near(*pair) for pair in zip(found, [60, 120, 240, 300, 300, 300], strict=True)), found


def test_a_part_of_our_own_that_is_away_is_asked_every_five_seconds() -> None:
    found = waits(TransientError("log"), 6)
    assert all(near(*pair) for pair in zip(found, [1, 2, 4, 5, 5, 5], strict=True)), found


def test_a_connection_that_breaks_again_and_again_right_after_the_login_is_no_storm() -> None:
    assert near(waits(ConnectionResetError(), 8, lived=2.0)[-1], 60)


def test_a_connection_that_held_begins_anew() -> None:
    assert all(near(wait, 1) for wait in waits(ConnectionResetError(), 5, lived=600.0))


def test_a_server_that_is_away_for_years_does_not_overflow() -> None:
    assert near(waits(OSError(), 5_000)[-1], 60)


def test_a_mail_that_the_connection_broke_at_is_read_alone_then_left_in_peace_and_tried_again_later() -> None:
    tries = Tries()
    for _ in range(2):
        tries.begin([7, 8])
    assert tries.alone(7)
    tries.done([8])
    assert not tries.alone(8)
    for _ in range(TRIES - 2):
        tries.begin([7])
    assert tries.passed(0.0) == {7}
    assert tries.passed(PASSED_SECONDS - 1) == {7}
    assert tries.passed(PASSED_SECONDS + 1) == frozenset()
    assert tries.alone(7)
    tries.forget()
    assert not tries.alone(7)
