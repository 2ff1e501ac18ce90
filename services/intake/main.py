"""Intake as an app: the doors, and in its lifespan all that runs behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path

from fastapi import FastAPI

from services.intake import consumers
from services.intake.settings import Settings
from services.intake.web import (
    api,
    cti,
    eservices,
    mail,
    qmatic,
    reception,
    recordings,
    sounds,
    telephony,
    twilio,
    waiting_room,
)
from services.intake.wiring.doors import make_doors
from services.intake.wiring.loops import make_background, make_inflow
from services.intake.wiring.mail import make_mail, make_reconcile
from services.intake.wiring.parts import Parts, make_parts, watch
from shared.background import Background
from shared.consume import Inflow, tune_gc
from shared.health import Health
from shared.web import ops
from shared.web.app import build_app


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the app; nothing is connected before its lifespan begins."""
    settings = settings or Settings()
    health = Health()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts = make_parts(settings)
        doors = make_doors(settings, parts)
        for field in fields(doors):
            setattr(app.state, field.name, getattr(doors, field.name))
        watch(health, parts)
        reconcile = make_reconcile(settings, parts)
        app.state.mail = make_mail(settings, health, parts, reconcile)
        inflow = make_inflow(settings, health, parts)
        background = make_background(settings, health, parts, reconcile)
        app.state.inflow = inflow
        try:
            await _start(parts, inflow, background)
            tune_gc()
            yield
        finally:
            await _stop(parts, inflow, background)

    return build_app(
        settings,
        service="intake",
        title="Inflöde",
        lifespan=lifespan,
        routers=(
            eservices.router,
            telephony.router,
            twilio.router,
            cti.router,
            sounds.router,
            recordings.pages,
            api.router,
            reception.router,
            waiting_room.router,
            qmatic.router,
            mail.pages,
            mail.doors,
            ops.router,
        ),
        health=health,
        templates=[Path(__file__).parent / "templates"],
        larger_bodies=_uploads(settings),
        asyncapi=lambda: consumers.description(settings),
    )


def _uploads(settings: Settings) -> dict[str, int]:
    """Return where files come in, and how many bytes at once: a form with its files, a recording with its words."""
    return {"/webhooks/forms": settings.form_limit, "/recordings": settings.recording_limit + 65_536}


async def _start(parts: Parts, inflow: Inflow, background: Background) -> None:
    """Know the entrances before anything comes in by one."""
    await parts.publisher.start()
    await parts.catalogue.start()
    await parts.agents.start()
    await parts.rules.start()
    await parts.recordings.look()
    await inflow.start()
    await background.start()


async def _stop(parts: Parts, inflow: Inflow, background: Background) -> None:
    """Let what is in hand end, then what it stands on."""
    await background.stop()
    await parts.circuit.stop()
    await inflow.stop()
    await parts.seen.stop()
    await parts.webhook_ids.stop()
    await parts.router.close()
    await parts.rules.stop()
    await parts.agents.stop()
    await parts.catalogue.stop()
    await parts.publisher.stop()
    await parts.engine.dispose()
