"""First-contact resolution and handling time in the figures: corrected late, on the day it was counted, and once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.stats.domain.kpi import Kpis
from services.stats.store.figures import FigureStore
from shared import events
from shared.vocabulary import Cause, Channel, Resolution
from tests.support.stats_events import START, Log, closed, handed_over, opened

pytestmark = pytest.mark.integration
WEEK = timedelta(days=7)


def withdrawn(case: str, *, at: datetime, why: str = "came_back") -> events.Event:
    """Return that a first-contact resolution was none."""
    return events.FirstContactWithdrawn(
        case_id=case,
        case_number=case,
        contact_id=case,
        channel=Channel.PHONE,
        unit="bostadsbolag",
        case_type="ct-kallt",
        why=why,
        closed_at=START,
        at=at,
    )


def added(case: str, seconds: float, *, at: datetime) -> events.Event:
    """Return after-work that ended after the case."""
    return events.TimeAdded(
        case_id=case,
        case_number=case,
        contact_id=case,
        channel=Channel.PHONE,
        unit="bostadsbolag",
        case_type="ct-kallt",
        kind="after_work",
        seconds=seconds,
        at=at,
    )


def merged(case: str, *, at: datetime) -> events.Event:
    """Return that a case has become part of another."""
    return events.CaseMerged(
        case_id=case, case_number=case, contact_id=case, into="k9", into_number="k9", by="agent-maria", at=at
    )


def split(case: str, *, at: datetime) -> events.Event:
    """Return that a case is one of its own again."""
    return events.CaseSplit(case_id=case, case_number=case, origin="k9", origin_number="k9", by="agent-maria", at=at)


async def read(engine: Any, start: datetime = START, **how: Any) -> list[Kpis]:
    return await FigureStore(engine, answer_within=60).read(start, start + timedelta(hours=1), **how)


async def cube(engine: Any) -> tuple[int, ...]:
    async with engine.connect() as conn:
        sums = "SELECT sum(closed), sum(solved), sum(solved_wide), sum(handed_over) FROM stats.cube"
        return tuple(number or 0 for number in (await conn.execute(text(sums))).one())


async def test_complaint_10_who_came_back_was_not_solved_on_the_day_it_was_closed(fold, stats_engine):
    log = Log("cases")
    week = [closed(f"k{n}", f"k{n}") for n in range(4)] + [
        closed("k4", "k4", resolution=Resolution.SELF_SERVICE, first=False)
    ]
    await fold.handle(log.records(*(opened(f"k{n}", f"k{n}") for n in range(5)), *week))
    [day] = await read(stats_engine)
    assert (day.solved, day.solved_wide, day.sums.withdrawn) == (0.8, 1.0, 0)
    late = log.records(withdrawn("k0", at=START + WEEK), withdrawn("k4", at=START + WEEK))
    for _ in range(2):
        await fold.handle(late)
    [day] = await read(stats_engine)
    assert (day.solved, day.solved_wide, day.sums.withdrawn) == (0.6, 0.6, 2)
    [later] = await read(stats_engine, START + WEEK)
    assert (later.ended, later.solved) == (0, None)
    shown = day.as_json()
    assert shown["first_contact_resolution_wide"] == 0.6
    assert shown["first_contact_resolution"] == {
        "strict": 0.6,
        "wide": 0.6,
        "closed": 5,
        "handed_over": 0,
        "withdrawn": 2,
    }


async def test_the_same_correction_under_two_offsets_is_taken_back_once(fold, stats_engine):
    log = Log("cases")
    await fold.handle(log.records(opened("k1", "k1"), closed("k1", "k1")))
    for _ in range(2):
        await fold.handle([log.record(withdrawn("k1", at=START + WEEK), event_id="same")])
    assert await cube(stats_engine) == (1, 0, 0, 0)


async def test_against_what_the_checklist_allows_a_hand_over_that_it_demands_is_no_failure(fold, stats_engine):
    log = Log("cases")
    told = [
        closed("k1", "k1", checklist_allows=True),
        closed("k2", "k2"),
        handed_over("k3", "k3", checklist_allows=True),
        handed_over("k4", "k4", checklist_allows=False),
        handed_over("k5", "k5", checklist_allows=False),
        closed("k6", "k6", checklist_allows=False),
    ]
    await fold.handle(log.records(*told))
    [day] = await read(stats_engine)
    shown = day.as_json()
    assert day.solved == 0.5
    assert shown["first_contact_of_allowed"] == pytest.approx(2 / 3)
    assert shown["first_contact_allowed_share"] == 0.5


async def test_why_they_came_is_counted_once_for_a_case_and_only_of_those_who_were_asked(fold, stats_engine):
    log = Log("cases")
    told = [
        closed("k1", "k1", cause=Cause.NEW_QUESTION),
        closed("k2", "k2", cause=Cause.LETTER_UNCLEAR),
        closed("k2", "k2", at=START + WEEK, cause=Cause.NO_ANSWER),  # lived again: the first word stands
        closed("k3", "k3"),
        handed_over("k4", "k4"),
        closed("k4", "k4", at=START + WEEK, cause=Cause.LETTER_UNCLEAR),  # came back from the unit
        closed("k5", "k5", cause=Cause.OUR_FAULT),
        merged("k5", at=START),
    ]
    await fold.handle(log.records(*told))
    [day] = await read(stats_engine)
    count = {"ny_fraga": 1, "forstod_inte_brevet": 2}
    assert day.as_json()["cause"] == {"asked": 3, "avoidable_share": pytest.approx(2 / 3), "count": count}
    [none] = await FigureStore(stats_engine, answer_within=60).read(START + WEEK, START + 2 * WEEK)
    assert none.as_json()["cause"] == {"asked": 0, "avoidable_share": None, "count": {}}


async def test_a_merged_case_is_in_no_figure_until_it_is_its_own_again(fold, stats_engine):
    log = Log("cases")
    mail: dict[str, Any] = {"channel": Channel.EMAIL}
    told = [opened("k1", "k1", **mail), opened("k2", "k2", **mail), closed("k1", "k1", **mail), closed("k9", "k9")]
    await fold.handle(log.records(*told, merged("k1", at=START), merged("k2", at=START)))
    [day] = await read(stats_engine)
    assert (day.ended, day.solved, day.sums.mails) == (1, 1.0, 0)
    assert await cube(stats_engine) == (1, 1, 1, 0)
    await fold.handle(log.records(split("k1", at=START + WEEK), split("k2", at=START + WEEK)))
    [day] = await read(stats_engine)
    assert (day.ended, day.solved, day.sums.mails) == (2, 1.0, 1)
    assert await cube(stats_engine) == (2, 2, 2, 0)


async def test_handling_time_by_channel_and_type_is_that_of_the_cases_ended_exactly_once(fold, stats_engine):
    log = Log("cases")
    first = log.records(
        closed("k1", "k1", handling_seconds=180),
        closed("k2", "k2", handling_seconds=100, channel=Channel.EMAIL),
        handed_over("k3", "k3", handling_seconds=60, case_type="ct-lampa"),
    )
    after = log.records(added("k1", 30, at=START + WEEK))
    for batch in (first, first, after, first + after):
        await fold.handle(batch)
    [day] = await read(stats_engine)
    assert day.as_json()["handling"] == {"mean": 370 / 3, "total": 370.0, "cases": 3}
    by_channel = {one.group["channel"]: one.sums.handling for one in await read(stats_engine, by=["channel"])}
    assert by_channel == {"phone": 270.0, "email": 100.0}
    by_type = {one.group["case_type"]: one.handling_mean for one in await read(stats_engine, by=["case_type"])}
    assert by_type == {"ct-kallt": 155.0, "ct-lampa": 60.0}


async def test_complaint_9_figures_agree_however_they_are_cut_and_whenever_they_are_corrected(fold, stats_engine):
    log = Log("cases")
    channels, units = list(Channel), ("bostadsbolag", "gata-och-park", "bygg-och-plan")
    told: list[events.Event] = []
    for n in range(60):
        facts: dict[str, Any] = {"channel": channels[n % 4], "unit": units[n % 3]}
        told.append(opened(f"k{n}", f"k{n}", **facts))
        end = handed_over if n % 5 == 0 else closed
        told.append(end(f"k{n}", f"k{n}", **facts, handling_seconds=n))
    told += [withdrawn(f"k{n}", at=START + WEEK) for n in range(0, 60, 7)]
    told += [merged(f"k{n}", at=START + WEEK) for n in range(0, 60, 11)]
    told += [added(f"k{n}", 2, at=START + WEEK) for n in range(0, 60, 3)]
    for at in range(0, len(told), 13):
        await fold.handle(log.records(*told[at : at + 13]))
    [whole] = await read(stats_engine)
    names = ("closed", "solved", "solved_wide", "handed_over", "withdrawn", "allowed", "handling")
    for by in (["channel"], ["unit"], ["case_type"], ["channel", "unit", "entrance"]):
        parts = await read(stats_engine, by=by)
        assert {name: sum(getattr(one.sums, name) for one in parts) for name in names} == {
            name: getattr(whole.sums, name) for name in names
        }
    assert await cube(stats_engine) == tuple(getattr(whole.sums, name) for name in names[:4])


async def test_visitors_who_did_not_come_are_counted_apart(fold, stats_engine):
    log = Log("cases")
    away = [closed(f"n{n}", f"n{n}", resolution=Resolution.NO_SHOW, first=False, channel=Channel.VISIT) for n in (1, 2)]
    await fold.handle(
        log.records(opened("n1", "n1"), opened("n2", "n2"), opened("k1", "k1"), closed("k1", "k1"), *away)
    )
    [day] = await read(stats_engine)
    assert (day.sums.no_shows, day.sums.closed, day.sums.abandoned, day.sums.allowed) == (2, 1, 0, 1)
    assert day.solved == 1.0
    assert day.as_json()["no_shows"] == 2
