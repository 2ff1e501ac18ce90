"""Taken over or not: by case type and entrance, per channel, from a day on, and back again."""

from datetime import datetime

import pytest

from services.router.usecases.takeover import Takeovers
from shared.calendar import STOCKHOLM
from shared.catalogue import Catalogue
from shared.records import TakeoverRecord
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, TakenOver

NOW = datetime(2026, 11, 25, 12, tzinfo=STOCKHOLM)
NOT, TRIAL, TAKEN = TakenOver.NOT, TakenOver.TRIAL, TakenOver.TAKEN


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(ServiceSettings())


def tell(catalogue: Catalogue, subject: str, subject_id: str, state: TakenOver, **more: object) -> None:
    record = TakeoverRecord.model_validate({"subject": subject, "id": subject_id, "state": state} | more)
    catalogue.apply(record.key, record)


def state(catalogue: Catalogue, channel: Channel = Channel.PHONE, at: datetime = NOW) -> tuple[TakenOver, str]:
    return Takeovers(catalogue).state_of("lov", "vaxel", channel, at)


def test_what_nothing_is_said_about_is_taken_over(catalogue: Catalogue) -> None:
    assert state(catalogue) == (TAKEN, "")
    assert Takeovers(catalogue).state_of("", "", Channel.EMAIL, NOW) == (TAKEN, "")


@pytest.mark.parametrize(
    ("by_type", "by_entrance", "wins"),
    [
        (NOT, TAKEN, (NOT, "type@")),
        (TRIAL, NOT, (NOT, "entrance@")),
        (NOT, NOT, (NOT, "type@")),
        (TAKEN, TRIAL, (TRIAL, "entrance@")),
        (TAKEN, TAKEN, (TAKEN, "")),
    ],
)
def test_the_less_taken_of_case_type_and_entrance_wins_and_says_where_to(
    catalogue: Catalogue, by_type: TakenOver, by_entrance: TakenOver, wins: tuple[TakenOver, str]
) -> None:
    tell(catalogue, "case_type", "lov", by_type, forward_to="type@")
    tell(catalogue, "entrance", "vaxel", by_entrance, forward_to="entrance@")
    assert state(catalogue) == wins


def test_before_its_day_holds_what_was_before(catalogue: Catalogue) -> None:
    tell(catalogue, "case_type", "lov", TAKEN, from_day="2027-01-11", forward_to="type@")
    eve, morning = (
        datetime(2027, 1, day, hour, minute, tzinfo=STOCKHOLM) for day, hour, minute in ((10, 23, 59), (11, 0, 0))
    )
    assert state(catalogue, at=eve) == (NOT, "type@")
    assert state(catalogue, at=morning) == (TAKEN, "")
    tell(catalogue, "case_type", "lov", TAKEN, from_day="2027-01-11", before=TRIAL)
    assert state(catalogue, at=eve) == (TRIAL, "")


def test_a_channel_of_its_own_wins_over_all_channels_and_an_act_is_undone_by_its_opposite(catalogue: Catalogue) -> None:
    tell(catalogue, "case_type", "lov", NOT)
    tell(catalogue, "case_type", "lov", TRIAL, channel=Channel.EMAIL)
    assert state(catalogue)[0] is NOT
    assert state(catalogue, Channel.EMAIL)[0] is TRIAL
    tell(catalogue, "case_type", "lov", TAKEN)
    assert state(catalogue)[0] is TAKEN
    tell(catalogue, "case_type", "lov", NOT)
    assert state(catalogue)[0] is NOT
    catalogue.apply("takeover:case_type:lov:*", None)
    assert state(catalogue)[0] is TAKEN
