"""The proof itself: a mail in a mailbox has a line or is a difference, never both nor none."""

from array import array
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.outcome import Entry, Line, Outcome, Spot
from services.intake.domain.reconciliation import (
    GRACE,
    Difference,
    Inbox,
    Kind,
    Lying,
    Processed,
    Tally,
    mark_of,
    unmatched,
)

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
OLD = NOW - 2 * GRACE
BOX = "k@mail.example/INBOX"
UIDS = st.integers(min_value=1, max_value=30)
IDS = st.sampled_from(["0a", "0b", "0c"])


def hashed(name: str) -> str:
    return name * 16


def line(uid: int, name: str = "0a", *, moved: bool = False, seen_at: datetime = OLD) -> Line:
    entry = Entry(Spot(BOX, 7, uid), OLD, f"c-{uid}", hashed(name), Outcome.IMPORTED)
    return Line(entry, seen_at, OLD if moved else None)


def inbox(*uids: int) -> Inbox:
    return Inbox(7, frozenset(uids))


def lying(made: Tally, came_at: datetime | None = OLD) -> list[Difference]:
    """Return what waits when every mail without a line came at that time."""
    return made.waiting([Lying(uid, came_at) for uid in made.without_line()])


def tally(lying: Inbox, lines: list[Line]) -> Tally:
    made = Tally(BOX, lying, NOW)
    made.add(lines, {one.entry.contact_id for one in lines})
    return made


@given(st.sets(UIDS), st.dictionaries(UIDS, IDS))
def test_every_mail_of_the_inbox_is_waiting_or_has_a_line_and_stands_out_once(there: set[int], ours: dict[int, str]):
    made = tally(inbox(*there), [line(uid, name) for uid, name in ours.items()])
    waiting, stuck = ({one.spot.uid for one in some} for some in (lying(made), made.not_moved))
    assert waiting | stuck == there
    assert waiting.isdisjoint(stuck)
    assert {spot.uid for spot in made.gone} == ours.keys() - there
    assert sum(made.standing.values()) == len(ours.keys() - there)


@given(st.lists(IDS), st.lists(IDS))
def test_a_line_stands_for_one_mail_and_no_other(processed: list[str], lines: list[str]):
    marks = array("q", [mark_of(hashed(name)) for name in processed])
    standing = Counter(mark_of(hashed(name)) for name in lines)
    left = unmatched(Processed(7, array("q", range(len(marks))), marks), standing)
    missing = Counter(processed) - Counter(lines)
    assert Counter(processed[uid] for uid in left) == missing
    assert +standing == Counter({mark_of(hashed(name)): n for name, n in (Counter(lines) - Counter(processed)).items()})


def test_what_is_being_taken_in_right_now_is_no_difference():
    just_now = NOW - GRACE / 2
    assert lying(tally(inbox(1), []), just_now) == []
    assert lying(tally(inbox(1), []), None) == []
    assert tally(inbox(1), [line(1, seen_at=just_now)]).not_moved == []


def test_a_mail_that_moves_while_the_folders_are_listed_lies_in_both_and_is_one():
    just_now = NOW + GRACE / 2
    taken_in_late = Line(line(1).entry, OLD, just_now)
    for one in (line(1, seen_at=just_now), taken_in_late):
        made = tally(inbox(1), [one])
        assert (lying(made), made.not_moved, made.gone) == ([], [], [])
        there = Processed(8, array("q", [1]), array("q", [mark_of(one.entry.message_hash)]))
        assert unmatched(there, made.standing) == []


def test_a_mail_that_came_after_the_inbox_was_listed_has_not_left_it():
    assert tally(inbox(), [line(1, seen_at=NOW + GRACE / 2)]).gone == []


def test_a_mail_that_was_moved_long_ago_and_lies_there_is_not_moved():
    assert [one.kind for one in tally(inbox(1), [line(1, moved=True)]).not_moved] == [Kind.NOT_MOVED]


def test_a_line_of_another_uidvalidity_is_not_about_the_mail_of_that_number():
    made = Tally(BOX, Inbox(8, frozenset({1})), NOW)
    made.add([line(1)], {"c-1"})
    assert [one.kind for one in lying(made)] == [Kind.WAITING]
    assert made.not_moved == []


def test_only_what_should_have_an_event_is_missed():
    made = Tally(BOX, inbox(), NOW)
    outcomes = dict(enumerate(Outcome, 1))
    lines = [line(uid, moved=True) for uid in outcomes]
    entries = [Entry(one.entry.spot, OLD, "c", one.entry.message_hash, outcomes[one.entry.spot.uid]) for one in lines]
    made.add([Line(entry, OLD, OLD) for entry in entries], set())
    missed = {outcomes[one.spot.uid] for one in made.not_published}
    assert missed == {Outcome.IMPORTED, Outcome.FOLLOW_UP, Outcome.AUTOMATIC}


def test_a_difference_is_known_by_the_same_name_at_every_comparison():
    first, again = (lying(tally(inbox(1), []))[0] for _ in range(2))
    other = lying(tally(inbox(2), []))[0]
    assert first.id == again.id != other.id
    assert first.day == (OLD + timedelta(hours=1)).date()


def test_an_old_mail_without_a_line_is_found_under_however_many_newer_ones_that_have_theirs():
    made = tally(inbox(*range(1, 3001)), [line(uid) for uid in range(2, 3001)])
    assert made.without_line() == [1]
    assert [one.spot.uid for one in lying(made)] == [1]
