"""What is new since she was last here, and what can be read when the router is away."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.desk import Agent
from services.casework.web.house import casework_of, seats_of
from shared.clock import utc_now

router = APIRouter(include_in_schema=False)


@router.get("/desk/news")
async def news(request: Request, person: Agent) -> Response:
    """Show what she has not read."""
    items = await casework_of(request).day.read_news.run(person)
    found: Response = request.app.state.pages.render(request, "pages/news.html", items=items)
    return found


@router.get("/desk/news/count")
async def count(request: Request, person: Agent) -> Response:
    """Show at the idle desk how much is new."""
    items = await casework_of(request).day.read_news.run(person)
    found: Response = request.app.state.pages.render(request, "partials/desk_news.html", items=items)
    return found


@router.post("/desk/news/read")
async def mark(request: Request, person: Agent) -> Response:
    """She has read one, or all that the page showed."""
    form = await request.form()
    await casework_of(request).day.read_news.mark(person, [one for one in form.getlist("item") if isinstance(one, str)])
    return RedirectResponse("/desk/news", status_code=303)


@router.get("/fallback")
async def fallback(request: Request, person: Agent, q: str = "") -> Response:  # noqa: ARG001 - the guard
    """Show checklists and numbers, from casework alone."""
    shown = await casework_of(request).day.read_fallback.run(q[:200])
    away = seats_of(request).queues is None
    found: Response = request.app.state.pages.render(request, "pages/fallback.html", shown=shown, q=q[:200], away=away)
    return found


@router.get("/fallback.html")
async def paper(request: Request, person: Agent) -> Response:  # noqa: ARG001 - the guard
    """Give all of it as one file, to keep on the computer or to print: it needs nothing else."""
    shown = await casework_of(request).day.read_fallback.run()
    found: Response = request.app.state.pages.render(request, "pages/fallback_paper.html", shown=shown, made=utc_now())
    found.headers["content-disposition"] = 'attachment; filename="reservlage.html"'
    return found
