"""Stats as it runs: from events on the real log to its API, killed and replayed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text

from services.stats.main import create_app
from services.stats.store.cluster import AnotherClusterError
from services.stats.store.log import cluster_id
from services.stats.store.series import SeriesStore
from services.stats.usecases.import_history import ImportHistory
from services.stats.wiring import make_replay
from shared.vocabulary import Channel, Presence, Resolution
from tests.support.served import served
from tests.support.stats_day import NOW, Stats, morning, publish, running_stats
from tests.support.stats_events import closed, handed_over, life, opened, presence
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
AT = NOW - timedelta(minutes=30)


@asynccontextmanager
async def client_of(stats: Stats, url: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    token = stats.settings.machine_token.get_secret_value()
    async with httpx.AsyncClient(base_url=url or stats.url, headers={"authorization": f"Bearer {token}"}) as client:
        yield client


async def items(client, path, **params):
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"items", "next"}
    return answer.json()["items"]


async def contacts(client):
    return (await items(client, "/api/v1/kpis"))[0]["contacts"]


async def sums(engine):
    async with engine.connect() as conn:
        return (
            await conn.execute(
                text("SELECT sum(contacts), sum(answered), sum(closed), sum(handed_over) FROM stats.cube")
            )
        ).one()


async def test_what_is_told_on_the_log_is_counted_over_kills_and_a_replay(settings):
    names = [f"c-{number}" for number in range(200)]
    async with running_stats(settings, weeks=0) as stats, client_of(stats) as client:
        await publish(settings, *(event for name in names[:100] for event in life(name, at=AT)))
        await eventually(lambda: contacts(client), timeout=30)
        # Stopped in the middle of it; what is told meanwhile waits on the log.
    same = [event for name in names for event in life(name, at=AT)]
    ended = [event for name in names for event in (opened(name, name, at=AT), closed(name, name, at=AT))]
    await publish(settings, *same[500:], *ended)

    async def all_there():
        found = await sums(stats.engine)
        return found[0] == 200 and found[2] == 200

    async with served(create_app(stats.settings, lambda: NOW)):
        await eventually(all_there, timeout=40)
    before = await sums(stats.engine)
    assert tuple(before) == (200, 200, 200, 0)

    replayed = await make_replay(stats.settings, stats.engine, await cluster_id(settings)).run(lambda _: None)
    assert replayed.events == 200 * 5 + 200 * 2
    assert tuple(await sums(stats.engine)) == tuple(before)
    async with served(create_app(stats.settings, lambda: NOW)) as url, client_of(stats, url) as client:
        await publish(settings, *life("c-new", at=AT)[:1])
        await eventually(lambda: _is(contacts(client), 201), timeout=30)
    await stats.engine.dispose()


async def _is(asked, wanted):
    return await asked == wanted


async def test_the_figures_of_a_small_day(settings):
    routing = [
        *life("c1", at=AT, wait=20, person_key="p1"),
        *life("c2", at=AT, wait=100, unit="bygg-och-plan", queue="bygg-och-plan", person_key="p2"),
        *life("c3", at=AT + timedelta(minutes=5), wait=30, person_key="p1"),
        *life("c4", at=AT, channel=Channel.EMAIL)[:2],
        presence("agent-0", Presence.READY, at=AT),
    ]
    cases = [
        opened("k1", "c1", at=AT),
        closed("k1", "c1", at=AT),
        opened("k2", "c2", at=AT, unit="bygg-och-plan"),
        handed_over("k2", "c2", at=AT, unit="bygg-och-plan"),
        opened("k3", "c3", at=AT),
        closed("k3", "c3", at=AT, first=False, resolution=Resolution.SELF_SERVICE),
        opened("k4", "c4", at=AT, channel=Channel.EMAIL),
        closed("k4", "c4", at=AT, channel=Channel.EMAIL),
    ]
    async with running_stats(settings, (routing, cases), weeks=2) as stats, client_of(stats) as client:
        (today,) = await items(client, "/api/v1/kpis")
        assert (today["contacts"], today["answer_time"]["answered"], today["answer_time"]["mean"]) == (4, 3, 50)
        assert today["service_level"] == pytest.approx(2 / 3)
        resolution = today["first_contact_resolution"]
        assert (resolution["strict"], resolution["wide"], resolution["withdrawn"]) == (0.5, 0.75, 0)
        assert (today["first_contact_resolution_wide"], today["first_contact_of_allowed"]) == (0.75, 0.5)
        assert today["handling"] == {"mean": 0.0, "total": 0.0, "cases": 4}
        assert today["mail"] == {"answered": 1, "within_1_day": 1.0, "within_2_days": 1.0}
        assert today["repeat_share"] == pytest.approx(1 / 3)

        by_unit = {one["group"]["unit"]: one for one in await items(client, "/api/v1/kpis", by="unit")}
        assert by_unit["bygg-och-plan"]["first_contact_resolution"]["handed_over"] == 1
        assert by_unit["bostadsbolag"]["contacts"] == 3

        period = {"from": (NOW - timedelta(hours=2)).isoformat(), "to": NOW.isoformat(), "bin": "PT1H"}
        load = await items(client, "/api/v1/load", by="channel", **period)
        assert {tuple(one["series"]) for one in load} == {("channel",)}
        assert sum(one["count"] for one in load if one["series"]["channel"] == "phone") == 3
        assert all(one["expected"] < one["upper"] for one in load)
        assert (await client.get("/api/v1/load", params={"by": "colour"})).status_code == 422
        assert (await client.get("/api/v1/load", params={"from": "2020-01-01T00:00:00Z"})).status_code == 422
        assert (await client.get("/api/v1/forecast")).status_code == 404
        assert (await client.get("/api/v1/alarms", headers={"authorization": ""})).status_code == 401

        streams = await eventually(lambda: items(client, "/api/v1/streams"), timeout=20)
        assert {"topic", "group", "lag", "rate", "oldest_unprocessed_seconds", "dead"} <= set(streams[0])
        assert (await client.get("/health/ready")).json()["failing"] == {}
        lags = (await client.get("/metrics")).text.count("kc_group_lag{")
        assert lags >= len(streams) > 0
        assert "Inga döda poster" in (await client.get("/ops/dead", params={"topic": streams[0]["topic"]})).text


async def test_a_surge_is_one_alarm_told_once_and_cleared(settings):
    async with running_stats(settings, morning()) as stats, client_of(stats) as client:
        (alarm,) = await eventually(lambda: items(client, "/api/v1/alarms"), timeout=30)
        assert alarm["series"] == {"unit": "bostadsbolag", "case_type": "ct-kallt"}
        assert alarm["count"] > alarm["high"] > alarm["expected"] > alarm["low"]
        assert alarm["text"].startswith("Ovanligt många: Bostadsbolag")
        assert alarm["parts"][0]["series"]["channel"] == "phone"
        async with stats.engine.begin() as conn:
            await conn.execute(
                text("UPDATE stats.cube SET contacts = 0 WHERE start >= :since"), {"since": NOW - timedelta(hours=1)}
            )
        await eventually(lambda: _is(items(client, "/api/v1/alarms"), []), timeout=40)
        (cleared,) = await items(client, "/api/v1/alarms", state="all")
        assert cleared["cleared_at"]
        told = await load_topic(settings, 2)
        assert told == ["alarm.raised.v1", "alarm.cleared.v1"]


async def test_callers_whose_matter_nobody_knows_yet_are_an_alarm_of_their_unit(settings):
    async with running_stats(settings, morning(surge=False)) as stats, client_of(stats) as client:
        bins = [f"{NOW - timedelta(minutes=back):%Y-%m-%dT%H:%M},13,phone,bostadsbolag" for back in (5, 10, 15, 20)]
        await ImportHistory(SeriesStore(stats.engine)).read("\n".join(["start,count,channel,unit", *bins]).encode())
        (alarm,) = await eventually(lambda: items(client, "/api/v1/alarms"), timeout=30)
        assert alarm["series"] == {"unit": "bostadsbolag"}
        assert [part["series"] for part in alarm["parts"]] == [{"unit": "bostadsbolag", "channel": "phone"}]
        assert "Störst del: samtal" in alarm["text"]


async def load_topic(settings, number) -> list[str]:
    consumer = AIOKafkaConsumer(
        f"{settings.topic_prefix}load", bootstrap_servers=settings.kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        records = [await consumer.getone() for _ in range(number)]
        return [dict(record.headers)["ce_type"].decode() for record in records]
    finally:
        await consumer.stop()


async def test_facts_of_another_cluster_are_refused_at_the_start(settings):
    async with running_stats(settings, weeks=0) as stats:
        async with stats.engine.begin() as conn:
            await conn.execute(
                text("INSERT INTO stats.offsets (topic, part, last, cluster) VALUES ('t', 0, 1, 'elsewhere')")
            )
        app = create_app(stats.settings, lambda: NOW)
        with pytest.raises(AnotherClusterError, match="replay"):
            async with app.router.lifespan_context(app):
                raise AssertionError("it started")
