"""The router as an app: the doors, and in its lifespan all that runs behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields

from fastapi import FastAPI

from services.router import consumers
from services.router.settings import Settings
from services.router.usecases.teach import Taught
from services.router.web import find, pull, rules, supervise, work
from services.router.wiring import Running, make_doors, make_orders, make_running, make_store, make_tables
from shared.consume import tune_gc
from shared.health import Health
from shared.web import ops
from shared.web.app import build_app


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the app; nothing is connected before its lifespan begins."""
    settings = settings or Settings()
    health = Health()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store, tables, taught = make_store(settings), make_tables(settings), Taught()
        orders = make_orders(settings, store, tables)
        doors = make_doors(store, tables, taught, orders)
        for field in fields(doors):
            setattr(app.state, field.name, getattr(doors, field.name))
        running = make_running(settings, health, store, tables, taught, orders)
        app.state.rulebook, app.state.check_rules = running.rulebook, running.publish_rules.check
        app.state.publish_rules = running.publish_rules
        app.state.inflow, app.state.dead_letters = running.inflow, running.dead_letters
        try:
            await _start(running)
            tune_gc()
            yield
        finally:
            await _stop(running)

    return build_app(
        settings,
        service="router",
        title="Fördelning",
        lifespan=lifespan,
        routers=(pull.router, work.router, supervise.router, find.router, rules.router, ops.router),
        health=health,
        asyncapi=lambda: consumers.description(settings),
    )


async def _start(running: Running) -> None:
    """Read the tables, rebuild what is lost, and only then take in contacts."""
    await running.publisher.start()
    await running.relay_publisher.start()
    await running.tables.start()
    await running.rulebook.open()
    await running.teach.recall()
    await running.background.start()
    await running.store.domain.found()
    await running.inflow.start()


async def _stop(running: Running) -> None:
    """Finish what was read, then the events of it, then the rest."""
    await running.inflow.stop()
    await running.background.stop()
    await running.tables.stop()
    await running.publisher.stop()
    await running.relay_publisher.stop()
    await running.store.domain.close()
