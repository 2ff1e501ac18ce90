from datetime import UTC, datetime, timedelta

from services.router.domain.order import CLASSES, GRACE, place_of
from shared.vocabulary import Priority

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def ago(**time: int) -> datetime:
    return NOON - timedelta(**time)


def test_the_more_urgent_class_goes_first_however_long_the_other_has_waited():
    assert place_of(Priority.URGENT, NOON).before(place_of(Priority.HIGH, ago(minutes=5)))
    assert place_of(Priority.NORMAL, NOON).before(place_of(Priority.LOW, ago(hours=1)))


def test_within_a_class_the_oldest_goes_first():
    assert place_of(Priority.NORMAL, ago(minutes=2)).before(place_of(Priority.NORMAL, ago(minutes=1)))


def test_within_a_class_the_one_due_first_goes_first():
    soon = place_of(Priority.NORMAL, NOON, NOON + timedelta(minutes=1))
    assert soon.before(place_of(Priority.NORMAL, ago(hours=1), NOON + timedelta(hours=1)))


def test_equal_turns_are_settled_by_arrival():
    due = NOON + timedelta(hours=1)
    assert place_of(Priority.NORMAL, ago(hours=3), due).before(place_of(Priority.NORMAL, ago(hours=2), due))


def test_every_class_has_a_bound_after_its_turn():
    for priority in CLASSES:
        place = place_of(priority, ago(days=9), NOON - GRACE[priority])
        assert place.late(NOON)
        assert not place.late(NOON - timedelta(milliseconds=1))
