"""The router as an app: the doors, and in its lifespan all that runs behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.router import consumers
from services.router.jobs.watch import watch
from services.router.settings import Settings
from services.router.usecases.teach import Taught
from services.router.web import acts, acts_page, find, floor, pull, queues_page, rehearse, rules, supervise, work
from services.router.wiring import (
    Running,
    make_doors,
    make_orders,
    make_rehearse,
    make_running,
    make_store,
    make_tables,
    make_watching,
)
from shared.consume import tune_gc
from shared.health import Health
from shared.web import ops
from shared.web.app import build_app

HERE = Path(__file__).parent
ROUTERS = (
    pull.router,
    work.router,
    supervise.router,
    floor.router,
    acts.router,
    acts_page.router,
    queues_page.router,
    find.router,
    rules.router,
    rehearse.router,
    ops.router,
)


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
        watching = make_watching(store, tables, orders)
        for field in fields(watching):
            setattr(app.state, field.name, getattr(watching, field.name))
        running = make_running(settings, health, store, tables, taught, orders)
        app.state.rulebook, app.state.check_rules = running.rulebook, running.publish_rules.check
        app.state.publish_rules = running.publish_rules
        app.state.rehearse = make_rehearse(settings, running.publish_rules, running.tables)
        running.background.add("watch", partial(watch, watching.floorboard, watching.floor_hub))
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
        routers=ROUTERS,
        health=health,
        templates=[HERE / "templates"],
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
