"""When units answer, as the router asks: by channel, with changes seen at once, and never a contact kept for ever."""

from datetime import UTC, datetime

import pytest

from services.router.usecases.hours import Hours
from shared.calendar import STOCKHOLM
from shared.catalogue import Catalogue
from shared.records import HoursRecord, Span
from shared.settings import ServiceSettings
from shared.vocabulary import Channel

NOON = datetime(2026, 11, 25, 12, 0, 30, tzinfo=STOCKHOLM)
EVENING = datetime(2026, 11, 25, 18, 0, 30, tzinfo=STOCKHOLM)


def every_day(opens: str, closes: str) -> tuple[tuple[Span, ...], ...]:
    return ((Span(opens=opens, closes=closes),),) * 7


def tell(catalogue: Catalogue, **fields: object) -> None:
    record = HoursRecord.model_validate({"unit": "kc"} | fields)
    catalogue.apply(record.key, record)


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue(ServiceSettings())
    tell(made, channel=Channel.PHONE, weekly=every_day("08:00", "17:00"))
    return made


def test_a_unit_is_open_shut_until_its_next_opening_or_without_known_hours(catalogue: Catalogue) -> None:
    hours = Hours(catalogue)
    assert hours.opens_at("kc", Channel.PHONE, NOON) is None
    assert hours.opens_at("kc", Channel.PHONE, EVENING) == datetime(2026, 11, 26, 7, tzinfo=UTC)
    assert hours.opens_at("kc", Channel.EMAIL, EVENING) is None
    assert hours.opens_at("jour", Channel.PHONE, EVENING) is None


def test_hours_of_a_channel_win_over_those_of_all_channels(catalogue: Catalogue) -> None:
    tell(catalogue, weekly=every_day("10:00", "11:00"))
    hours = Hours(catalogue)
    assert hours.opens_at("kc", Channel.PHONE, NOON) is None
    assert hours.opens_at("kc", Channel.VISIT, NOON) == datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_changed_and_withdrawn_hours_are_seen_at_once(catalogue: Catalogue) -> None:
    hours = Hours(catalogue)
    assert hours.opens_at("kc", Channel.PHONE, EVENING) is not None
    tell(catalogue, channel=Channel.PHONE, weekly=every_day("08:00", "20:00"))
    assert hours.opens_at("kc", Channel.PHONE, EVENING) is None
    tell(catalogue, channel=Channel.PHONE, weekly=every_day("08:00", "09:00"))
    assert hours.opens_at("kc", Channel.PHONE, NOON) is not None
    catalogue.apply("hours:kc:phone", None)
    assert hours.opens_at("kc", Channel.PHONE, NOON) is None


@pytest.mark.parametrize("weekly", [((),) * 7, every_day("17:00", "08:00"), every_day("08:00", "17:00")[:6]])
def test_hours_that_make_no_sense_keep_nobody_waiting(
    catalogue: Catalogue, weekly: tuple[tuple[Span, ...], ...]
) -> None:
    tell(catalogue, channel=Channel.PHONE, weekly=weekly)
    assert Hours(catalogue).opens_at("kc", Channel.PHONE, NOON) is None


def test_answers_of_many_minutes_do_not_pile_up(catalogue: Catalogue) -> None:
    hours = Hours(catalogue)
    for minute in range(10_000):
        at = datetime.fromtimestamp(1_800_000_000 + 60 * minute, UTC)
        there = at.astimezone(STOCKHOLM)
        assert (hours.opens_at("kc", Channel.PHONE, at) is None) is (8 <= there.hour < 17)
