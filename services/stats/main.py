"""Stats as an app: what happened, what is normal, what is abnormal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.stats import consumers, wiring
from services.stats.settings import Settings
from services.stats.store.cluster import check_cluster
from services.stats.store.log import cluster_id
from services.stats.web import alarms, api, streams, wallboard
from shared.clock import Clock, utc_now
from shared.consume import tune_gc
from shared.database import make_engine
from shared.health import Health
from shared.web import ops
from shared.web.app import build_app

HERE = Path(__file__).parent
ROUTERS = (wallboard.router, alarms.router, streams.router, api.router, ops.router)


def create_app(settings: Settings | None = None, clock: Clock = utc_now) -> FastAPI:
    """Build the app; it connects when its lifespan begins, and refuses a Kafka cluster its facts are not from."""
    settings = settings or Settings()
    health = Health()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = make_engine(settings, "stats")
        cluster = await cluster_id(settings)
        await check_cluster(engine, cluster)
        app.state.stats = reading = wiring.make_reading(settings, engine, wiring.make_names(settings), clock)
        running = wiring.make_running(settings, engine, health, reading, cluster=cluster)
        app.state.inflow, app.state.dead_letters = running.inflow, running.dead_letters
        try:
            await running.start()
            tune_gc()
            yield
        finally:
            await running.stop()
            await engine.dispose()

    return build_app(
        settings,
        service="stats",
        title="Läget",
        lifespan=lifespan,
        routers=ROUTERS,
        health=health,
        templates=[HERE / "templates"],
        asyncapi=lambda: consumers.description(settings),
    )
