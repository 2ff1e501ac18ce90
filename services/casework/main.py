"""Casework as an app: the doors, and in its lifespan all that runs behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.casework import consumers, wiring
from services.casework.settings import Settings
from services.casework.web import (
    api_cases,
    api_catalogue,
    api_checklists,
    api_deeds,
    api_directory,
    api_handovers,
    api_incidents,
    api_people,
    api_replies,
    api_terms,
    api_waves,
    elks,
    figures_pages,
    gaps_pages,
)
from services.casework.web.house import open_pages
from services.casework.web.page_routers import page_routers
from shared.consume import tune_gc
from shared.health import Health
from shared.web import ops
from shared.web.app import build_app

DOORS = (
    api_cases.router,
    api_deeds.router,
    api_deeds.forgotten,
    api_handovers.router,
    api_incidents.router,
    api_people.router,
    api_replies.router,
    api_catalogue.router,
    api_directory.router,
    figures_pages.api,
    api_checklists.router,
    api_waves.router,
    api_terms.router,
    gaps_pages.api,
    elks.router,
    ops.router,
)
UPLOADS = {r"/desk/cases/[^/]+/reply(/files)?": 11 * 1024 * 1024, r"/admin/directory": 11 * 1024 * 1024}
"""Where files come in, and how many bytes at once: the files of a reply and its words, the directory."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the app; nothing is connected before its lifespan begins."""
    settings = settings or Settings()
    health = Health()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts = wiring.assemble(settings, health)
        app.state.inflow = parts.inflow
        app.state.dead_letters = parts.dead_letters
        await parts.start()
        try:
            async with open_pages(app, parts.casework, parts.bell, fallback_file=settings.fallback_file):
                tune_gc()
                yield
        finally:
            await parts.stop()

    return build_app(
        settings,
        service="casework",
        title="Ärenden",
        lifespan=lifespan,
        routers=(*DOORS, *page_routers(settings)),
        health=health,
        templates=[Path(__file__).parent / "templates"],
        larger_bodies=UPLOADS,
        asyncapi=lambda: consumers.description(settings),
    )
