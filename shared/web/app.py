"""Builds a service's FastAPI app: the same frame, errors, sessions, static files and standard doors for all four."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from shared.health import Health
from shared.settings import ServiceSettings
from shared.web import errors
from shared.web.assets import Assets, mounts
from shared.web.csrf import SameOrigin
from shared.web.frame import Frame
from shared.web.languages import Texts
from shared.web.limits import Bounds, Turnstile
from shared.web.links import Links
from shared.web.pages import Pages, translation_folders
from shared.web.problems import describe_problems
from shared.web.session import make_sessions
from shared.web.standard import standard_router

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(  # noqa: PLR0913 - one call per service, every argument by name
    settings: ServiceSettings,
    *,
    service: str,
    title: str,
    lifespan: Lifespan | None,
    routers: Sequence[APIRouter],
    health: Health,
    templates: Sequence[Path] = (),
    asyncapi: Callable[[], str] | None = None,
    body_limit: int = 1_048_576,
    larger_bodies: Mapping[str, int] | None = None,
    form_targets: Sequence[str] = (),
) -> FastAPI:
    """Build the app; `app.state` holds settings, pages, sessions, texts, links and the event `closing`.

    `body_limit` is in bytes, `larger_bodies` are limits of paths where files come in;
    `form_targets` are other origins that a form may lead to (a login provider).
    """
    app = FastAPI(
        title=f"Kontaktcenter: {title}",
        version="1",
        lifespan=_with_sessions(lifespan),
        docs_url=None,
        redoc_url=None,
    )
    _set_state(app, settings, service, title, templates)
    errors.install(app)
    app.include_router(standard_router(health, asyncapi))
    for router in routers:
        app.include_router(router)
    for path, files in mounts(app.state.assets):
        app.mount(path, files)
    describe_problems(app)
    app.add_middleware(SameOrigin)
    app.add_middleware(Bounds, settings=settings, limit=body_limit, larger=larger_bodies)
    app.add_middleware(Turnstile, settings=settings)
    forms = " ".join(("'self'", *_origins(settings), *form_targets))
    app.add_middleware(Frame, form_targets=forms, trusted=settings.trusted_proxies, prefix=settings.public_prefix)
    return app


def _set_state(app: FastAPI, settings: ServiceSettings, service: str, title: str, templates: Sequence[Path]) -> None:
    own = {service: templates[0].parent / "static"} if templates else {}
    assets = Assets(own, settings.public_prefix)
    texts = Texts(translation_folders(templates))
    app.state.settings = settings
    app.state.service = service
    app.state.closing = asyncio.Event()
    app.state.streams = 0
    app.state.sessions = make_sessions(settings)
    app.state.texts = texts
    app.state.links = Links(settings, service)
    app.state.assets = assets
    app.state.pages = Pages(templates, texts=texts, assets=assets, title=title)


def _with_sessions(lifespan: Lifespan | None) -> Lifespan:
    @asynccontextmanager
    async def around(app: FastAPI) -> AsyncIterator[None]:
        try:
            if lifespan is None:
                yield
            else:
                async with lifespan(app):
                    yield
        finally:
            app.state.closing.set()
            await app.state.sessions.close()

    return around


def _origins(settings: ServiceSettings) -> tuple[str, ...]:
    if settings.one_origin or settings.public_prefix:
        return ()
    return (settings.intake_url, settings.router_url, settings.casework_url, settings.stats_url)
