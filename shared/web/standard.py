"""The doors that every service has: health, metrics, its contracts, and how a person wants her pages."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.health import Health
from shared.web.access import open_to_all
from shared.web.languages import LANGUAGE_COOKIE

_YEAR = 365 * 24 * 3600


def standard_router(health: Health, asyncapi: Callable[[], str] | None) -> APIRouter:
    """Build the doors of one service."""
    router = APIRouter()

    @router.get("/health/live", dependencies=[open_to_all("asked by the supervisor")], tags=["drift"])
    async def live() -> dict[str, str]:
        """The process runs."""
        return {"status": "ok"}

    @router.get("/health/ready", dependencies=[open_to_all("asked by the supervisor")], tags=["drift"])
    async def ready(request: Request) -> Response:
        """The process can work; if not, or not in full, which part is missing, why, and since when."""
        failing = dict(await health.failing())
        since = {name: began.isoformat() for name in failing if (began := health.since(name))}
        stopped = health.blocks(failing)
        if request.app.state.closing.is_set():
            failing["closing"], stopped = "the service is stopping", True
        status = "not ready" if stopped else "degraded" if failing else "ok"
        body: dict[str, Any] = {"status": status, "failing": failing, "since": since}
        return JSONResponse(body, status_code=503 if stopped else 200)

    @router.get("/metrics", dependencies=[open_to_all("scraped inside the network")], include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/asyncapi", dependencies=[open_to_all("the contract is public")], include_in_schema=False)
    async def contract() -> Response:
        return PlainTextResponse(asyncapi() if asyncapi else "", media_type="application/yaml")

    @router.get("/docs", dependencies=[open_to_all("the contract is public")], include_in_schema=False)
    async def docs(request: Request) -> Response:
        page: Response = request.app.state.pages.render(request, "docs.html", api=request.app.openapi())
        return page

    @router.post("/preferences", dependencies=[open_to_all("language before login")], include_in_schema=False)
    async def preferences(
        request: Request,
        language: Annotated[str, Form(pattern="^(sv|en)?$")] = "",
        theme: Annotated[str, Form(pattern="^(light|dark|auto)?$")] = "",
        shortcuts: Annotated[str, Form(pattern="^(on|off)?$")] = "",
    ) -> Response:
        response = RedirectResponse(_back(request), status_code=303)
        for cookie, value in ((LANGUAGE_COOKIE, language), ("kc_theme", theme), ("kc_keys", shortcuts)):
            if value:
                response.set_cookie(cookie, value, max_age=_YEAR, samesite="lax", httponly=True)
        return response

    return router


def _back(request: Request) -> str:
    address: str = request.app.state.links.safe(request.headers.get("referer", "/"), request.headers.get("host", ""))
    return address
