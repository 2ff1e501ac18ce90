"""Drift is zero whatever agents do, and seen when somebody has been at the store."""

import pytest
from prometheus_client import REGISTRY

from services.router.jobs.measure import once
from services.router.store.reconcile import Reconciler
from shared.vocabulary import Channel
from tests.integration.router.support import Desk

pytestmark = pytest.mark.integration


def metric(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_a_day_at_the_desk_leaves_no_drift_and_is_measured(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        await desk.arrive(name, channel=Channel.EMAIL)
    await desk.ready("maria")
    await desk.take("maria")
    await desk.pull("maria")
    await once(Reconciler(desk.domain), desk.look)
    assert metric("kc_router_drift") == 0
    assert (metric("kc_router_offered"), metric("kc_router_held")) == (1, 1)
    assert metric("kc_router_waiting", queue="kontaktcenter", channel="email") == 2
    assert metric("kc_router_ready_agents", queue="kontaktcenter") == 1
    assert (await desk.drift()).wrong == 0


async def test_each_contradiction_is_seen_and_named(desk: Desk) -> None:
    await desk.ready("maria")
    await desk.arrive("held")
    await desk.take("maria")
    await desk.arrive("waits")
    key, desk.tampered = desk.domain.key, True
    await desk.redis.hset(key("a:maria"), "used", 7)
    await desk.redis.zadd(key("lease"), {"o:waits": 9e15})
    await desk.redis.hset(key("c:held"), "state", "completed")
    await desk.redis.hset(key("c:waits"), "state", "abandoned")
    drift = await desk.drift()
    assert drift.wrong == 5
    assert set(drift.named.split(", ")) == {
        "held_without_contact held",
        "capacity maria",
        "lease_without_contact waits",
        "ghost_in_line waits",
        "counted_but_gone waits",
    }
