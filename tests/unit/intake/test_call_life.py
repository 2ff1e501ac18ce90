"""How a call ended, by what is known of it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain.call import CallState
from services.intake.domain.call_life import Line, ending
from services.intake.settings import Settings
from services.router.settings import Settings as RouterSettings

CAME = datetime(2026, 11, 25, 9, tzinfo=UTC)
RUNG, THROUGH = CAME + timedelta(seconds=20), CAME + timedelta(seconds=30)
END = CAME + timedelta(seconds=120)


def line(**more: object) -> Line:
    values: dict[str, object] = {"state": CallState.CONNECTING, "epoch": 1, "received_at": CAME, **more}
    return Line(call_id="c1", contact_id="k", **values)  # type: ignore[arg-type] # a test's shorthand


@pytest.mark.parametrize(
    ("known", "legs", "talk", "waited", "abandoned"),
    [
        ({"state": CallState.WAITING}, (), 0, 120, True),
        ({"connected_at": RUNG}, (), 0, 120, True),
        ({"connected_at": RUNG}, (0.0,), 0, 120, True),
        ({"connected_at": RUNG}, (60.0,), 60, 60, False),
        ({"connected_at": RUNG}, (500.0,), 100, 20, False),
        ({"connected_at": RUNG, "through_at": THROUGH}, (), 90, 30, False),
        ({"connected_at": RUNG, "through_at": THROUGH}, (0.0,), 0, 30, False),
        ({"connected_at": RUNG, "through_at": THROUGH}, (40.0, 30.0), 70, 30, False),
        ({"state": CallState.WAITING}, (500.0,), 0, 120, True),
    ],
)
def test_how_a_call_ended(
    known: dict[str, object], legs: tuple[float, ...], talk: float, waited: float, *, abandoned: bool
) -> None:
    end = ending(line(**known), END, legs, 5.0)
    assert (end.talk_seconds, end.waited_seconds, end.abandoned, end.short) == (talk, waited, abandoned, False)


def test_who_leaves_at_once_is_counted_apart_and_clocks_that_differ_make_nothing_negative() -> None:
    assert ending(line(), CAME + timedelta(seconds=4.9), (), 5.0).short
    assert not ending(line(), CAME + timedelta(seconds=5), (), 5.0).short
    assert not ending(line(through_at=CAME), CAME + timedelta(seconds=1), (), 5.0).short
    early = ending(line(through_at=THROUGH), CAME, (9.0,), 5.0)
    assert (early.talk_seconds, early.waited_seconds) == (0, 30)


def test_a_talk_is_told_of_before_the_router_gives_it_up_though_a_recording_is_heard_first() -> None:
    given_up, told = RouterSettings.model_fields["connecting_seconds"], Settings.model_fields["through_seconds"]
    recording, lag = 120, 30
    assert given_up.default >= recording + told.default + lag
