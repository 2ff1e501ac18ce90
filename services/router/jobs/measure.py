"""Tells the metrics how the queues are, and whether leases, what agents hold and contacts contradict each other."""

import asyncio

import structlog

from services.router.store.domain import ABSENT, heed_cancellation
from services.router.store.look import Look
from services.router.store.reconcile import Reconciler
from shared.metrics import ROUTER_DRIFT, ROUTER_HELD, ROUTER_OFFERED, ROUTER_OLDEST, ROUTER_READY, ROUTER_WAITING

SECONDS = 10.0

log = structlog.get_logger(__name__)


async def measure(reconciler: Reconciler, look: Look) -> None:
    """Measure every ten seconds; never returns. What is away is the guard's to see to."""
    while True:
        heed_cancellation()
        try:
            await once(reconciler, look)
        except ABSENT as error:
            log.info("queues_not_measured", error=type(error).__name__)
        await asyncio.sleep(SECONDS)


async def once(reconciler: Reconciler, look: Look) -> None:
    """Measure now; a contradiction is logged by the ids it concerns, and `kc_router_drift` counts it."""
    for view in await look.queues():
        for channel, waiting in view.by_channel.items():
            ROUTER_WAITING.labels(view.queue, channel).set(waiting)
        ROUTER_OLDEST.labels(view.queue).set(view.oldest_seconds)
        ROUTER_READY.labels(view.queue).set(view.ready_agents)
    drift = await reconciler.drift()
    ROUTER_OFFERED.set(drift.offered)
    ROUTER_HELD.set(drift.held)
    ROUTER_DRIFT.set(drift.wrong)
    if drift.wrong:
        log.error("routing_state_drifts", contradictions=drift.wrong, first=drift.named)
