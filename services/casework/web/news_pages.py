"""What is new since she was last here."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.desk import Agent
from services.casework.web.house import casework_of

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
