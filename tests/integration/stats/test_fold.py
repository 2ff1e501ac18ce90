"""Facts are folded exactly once, whatever is delivered again, doubled or killed in the middle."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.stats.store.cluster import AnotherClusterError, check_cluster
from services.stats.store.facts import FactStore
from services.stats.store.figures import FigureStore
from services.stats.store.live import LiveStore
from services.stats.usecases.fold import Fold
from shared import events
from shared.vocabulary import Channel, Presence, TakenOver
from tests.support.stats_events import START, Log, closed, handed_over, life, opened, presence

pytestmark = pytest.mark.integration


_SUMS = (
    "SELECT sum(contacts), sum(answered), sum(abandoned), sum(closed), sum(solved), sum(handed_over) FROM stats.cube"
)


async def cube(engine):
    async with engine.connect() as conn:
        row = (await conn.execute(text(_SUMS))).one()
    return tuple(number or 0 for number in row)


async def scalar(engine, sql):
    async with engine.connect() as conn:
        return await conn.scalar(text(sql))


async def test_a_life_is_counted_once(fold, stats_engine):
    routing, cases = Log("routing"), Log("cases")
    await fold.handle(routing.records(*life("c1"), *life("c2", wait=90)))
    await fold.handle(
        cases.records(opened("k1", "c1"), closed("k1", "c1"), opened("k2", "c2"), handed_over("k2", "c2"))
    )
    assert await cube(stats_engine) == (2, 2, 0, 1, 1, 1)
    assert await scalar(stats_engine, "SELECT sum(waited) FROM stats.cube") == 120
    assert await scalar(stats_engine, "SELECT count(*) FROM stats.facts") == 14
    assert await scalar(stats_engine, "SELECT last FROM stats.offsets WHERE topic = 'routing'") == 9


async def test_the_same_batch_again_changes_nothing(fold, stats_engine):
    batch = Log().records(*life("c1"))
    for _ in range(3):
        await fold.handle(batch)
    assert await cube(stats_engine) == (1, 1, 0, 0, 0, 0)
    assert await scalar(stats_engine, "SELECT count(*) FROM stats.facts") == 5


async def test_an_overlapping_batch_adds_only_what_is_above_the_offset(fold, stats_engine):
    batch = Log().records(*life("c1"), *life("c2"))
    await fold.handle(batch[:6])
    await fold.handle(batch[3:])
    assert await cube(stats_engine) == (2, 2, 0, 0, 0, 0)


async def test_the_same_event_published_twice_is_one_fact(fold, stats_engine):
    log = Log()
    routed = life("c1")[0]
    twice = [log.record(routed, event_id="same"), log.record(routed, event_id="same")]
    await fold.handle(twice)
    await fold.handle([log.record(routed, event_id="same")])
    assert await cube(stats_engine) == (1, 0, 0, 0, 0, 0)
    assert await scalar(stats_engine, "SELECT count(*) FROM stats.facts") == 1
    assert await scalar(stats_engine, "SELECT last FROM stats.offsets") == 2


async def test_a_contact_routed_twice_is_one_contact(fold, stats_engine):
    log = Log()
    await fold.handle(log.records(*life("c1")[:2]))
    await fold.handle(log.records(*life("c1")[:2]))
    assert await cube(stats_engine) == (1, 0, 0, 0, 0, 0)


class KilledError(Exception):
    pass


@pytest.mark.parametrize("step", ["keep_contacts", "count", "move"])
async def test_killed_in_the_middle_leaves_nothing_behind(fold, store, stats_engine, monkeypatch, step):
    batch = Log().records(*life("c1"))

    async def killed(*_: object):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(f"services.stats.store.facts.Folding.{step}", killed)
        with pytest.raises(KilledError):
            await fold.handle(batch)
    assert await cube(stats_engine) == (0, 0, 0, 0, 0, 0)
    assert await scalar(stats_engine, "SELECT count(*) FROM stats.facts") == 0
    await fold.handle(batch)
    assert await cube(stats_engine) == (1, 1, 0, 0, 0, 0)


async def test_a_connection_cut_in_the_middle_is_passing_and_leaves_nothing(fold, stats_engine, monkeypatch):
    batch = Log().records(*life("c1"))
    from services.stats.store.facts import Folding  # noqa: PLC0415 - patched here

    whole = Folding.count

    async def cut(self, tally):
        pid = await self._conn.scalar(text("SELECT pg_backend_pid()"))
        async with stats_engine.connect() as other:
            await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        await whole(self, tally)

    with monkeypatch.context() as patch:
        patch.setattr(Folding, "count", cut)
        with pytest.raises((DBAPIError, OSError)):
            await fold.handle(batch)
    assert await cube(stats_engine) == (0, 0, 0, 0, 0, 0)
    await fold.handle(batch)
    assert await cube(stats_engine) == (1, 1, 0, 0, 0, 0)


async def test_many_partitions_at_once_neither_deadlock_nor_lose(fold, stats_engine):
    logs = [Log(partition=number) for number in range(4)] + [Log("cases", partition=number) for number in range(4)]

    async def work(number, log):
        for turn in range(5):
            names = [f"c-{number}-{turn}-{one}" for one in range(20)]
            if log.topic == "routing":
                told = [event for name in names for event in life(name)]
            else:
                told = [event for name in names for event in (opened(name, name), closed(name, name))]
            await fold.handle(log.records(*told))

    await asyncio.gather(*(work(number, log) for number, log in enumerate(logs)))
    assert await cube(stats_engine) == (400, 400, 0, 400, 400, 0)


async def test_an_event_of_another_month_has_a_partition_of_its_own(fold, stats_engine):
    old = datetime(2024, 12, 31, 23, 59, tzinfo=UTC)
    log = Log()
    await fold.handle([log.record(life("c1", at=old)[0], time=old), log.record(life("c2")[0])])
    rows = await scalar(stats_engine, "SELECT string_agg(DISTINCT tableoid::regclass::text, ' ') FROM stats.facts")
    assert "facts_2024_12" in rows
    assert "facts_2026_11" in rows


async def test_another_cluster_is_refused(fold, stats_engine):
    await fold.handle(Log().records(*life("c1")))
    await check_cluster(stats_engine, "cluster-a")
    with pytest.raises(AnotherClusterError, match="cluster-a"):
        await check_cluster(stats_engine, "cluster-b")
    other = Fold(FactStore(stats_engine, "cluster-b"), fold.days_taken, lambda: None)
    with pytest.raises(AnotherClusterError):
        await other.handle(Log().records(*life("c9")))
    assert await cube(stats_engine) == (1, 1, 0, 0, 0, 0)


async def test_the_newest_presence_wins(fold, stats_engine):
    log = Log()
    late = START + timedelta(minutes=5)
    await fold.handle(log.records(presence("a1", Presence.AWAY, at=late), presence("a1", Presence.READY, at=START)))
    await fold.handle(log.records(presence("a1", Presence.BUSY, at=START + timedelta(minutes=1))))
    assert await scalar(stats_engine, "SELECT presence FROM stats.presence") == "away"


async def test_an_agent_in_a_call_has_no_room_until_it_ends(fold, stats_engine):
    log = Log()
    await fold.handle(log.records(presence("agent-maria", Presence.READY), presence("agent-b", Presence.READY)))
    *taken, completed = life("c1")
    live = LiveStore(stats_engine)
    rooms = []
    for part in (taken, [completed]):
        await fold.handle(log.records(*part))
        state = await live.read(START, None)
        rooms.append({one.id: one.capacity - one.used for one in state.agents})
    assert rooms == [{"agent-maria": 0, "agent-b": 100}, {"agent-maria": 100, "agent-b": 100}]


async def test_the_first_end_of_a_case_counts(fold, stats_engine):
    log = Log("cases")
    reopened = events.CaseReopened(case_id="k1", case_number="k1", contact_id="c1", at=START)
    await fold.handle(log.records(opened("k1", "c1"), handed_over("k1", "c1"), reopened, closed("k1", "c1")))
    assert await cube(stats_engine) == (0, 0, 0, 0, 0, 1)


async def test_a_mail_answered_next_working_day_took_one_day(fold, stats_engine):
    log = Log("cases")
    friday = datetime(2026, 11, 20, 9, tzinfo=UTC)
    told = [
        opened("k1", "c1", at=friday, channel=Channel.EMAIL),
        closed("k1", "c1", at=friday + timedelta(days=3), channel=Channel.EMAIL),
    ]
    await fold.handle(log.records(*told))
    assert await scalar(stats_engine, "SELECT days FROM stats.cases") == 1


async def test_an_old_epoch_does_not_bring_a_contact_back(fold, stats_engine):
    log = Log()
    told = life("c1")
    await fold.handle(log.records(*told))
    await fold.handle([replace(log.record(told[1]), id="stale")])
    assert await scalar(stats_engine, "SELECT state FROM stats.contacts") == "completed"


async def test_what_is_not_taken_over_is_received_but_ended_apart(fold, stats_engine):
    routing, cases = Log("routing"), Log("cases")
    not_yet: dict[str, Any] = {"taken_over": TakenOver.NOT}
    trial: dict[str, Any] = {"taken_over": TakenOver.TRIAL}
    await fold.handle(routing.records(*life("c1"), *life("c2", **not_yet), *life("c3", **trial), *life("c4")))
    ends = (
        closed("k1", "c1", first=False),
        handed_over("k2", "c2", **not_yet),
        closed("k3", "c3", **trial),
        closed("k4", "c4", **not_yet),
    )
    await fold.handle(cases.records(*ends))
    assert await cube(stats_engine) == (4, 4, 0, 2, 1, 0)
    assert await scalar(stats_engine, "SELECT sum(not_taken) FROM stats.cube") == 2
    figures = FigureStore(stats_engine, answer_within=60)
    [today] = await figures.read(START - timedelta(hours=1), START + timedelta(hours=1))
    assert (today.sums.contacts, today.sums.not_taken, today.sums.trial) == (4, 1, 1)
    assert (today.ended, today.solved, today.sums.handed_over) == (2, 0.5, 0)
    shown = today.as_json()
    assert shown["not_taken_over"] == {"contacts": 1, "ended": 2}
    assert shown["on_trial"] == {"contacts": 1, "ended": 1, "strict": 1.0}


async def test_a_call_is_answered_when_it_is_through_and_who_left_at_once_is_counted_apart(fold, stats_engine):
    """Beside a talk: a phone that only rang, an impatient caller, and one who gave up before anybody could answer."""
    log = Log()
    for name, end in (
        (
            "talked",
            events.ContactConnected(contact_id="talked", epoch=2, at=START, agent_id="maria", waited_seconds=70),
        ),
        ("rang", events.ContactLeft(contact_id="rang", epoch=2, at=START, abandoned=True, waited_seconds=44)),
    ):
        routed, queued, made, accepted, _ = life(name)
        taken = accepted.model_copy(update={"connecting": True})
        await fold.handle(log.records(routed, queued, made, taken, end))
    gave_up: dict[str, Any] = {"epoch": 2, "at": START, "channel": Channel.PHONE, "queue": "bostadsbolag"}
    for name, seconds, short in (("waited", 90, False), ("at-once", 2, True)):
        left = events.ContactAbandoned(contact_id=name, waited_seconds=seconds, short=short, **gave_up)
        await fold.handle(log.records(*life(name)[:2], left))
    [figures] = await FigureStore(stats_engine, answer_within=60).read(
        START - timedelta(hours=1), START + timedelta(hours=1)
    )
    assert (figures.sums.answered, figures.sums.answered_in_time, figures.sums.answer_mean) == (1, 0, 70)
    assert figures.as_json()["abandoned"] == {"count": 2, "share": pytest.approx(2 / 3), "short": 1}
    assert (await cube(stats_engine))[:3] == (4, 1, 2)
