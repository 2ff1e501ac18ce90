"""Who else has the case open: the line at the desk and on the case's page, and the door by which a page says it."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.casework.web.house import casework_of
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/cases/{number}/readers", include_in_schema=False)

Reader = Annotated[Person, requires(Action.READ_CASES)]


def readers_part(request: Request, readers: tuple[str, ...]) -> Response:
    """Show who else reads."""
    part: Response = request.app.state.pages.render(request, "partials/readers.html", readers=readers)
    return part


@router.get("")
async def others(request: Request, number: str, person: Reader) -> Response:
    """Show who else reads the case."""
    return readers_part(request, await casework_of(request).day.readers.others(number, person))


@router.post("")
async def here(request: Request, number: str, person: Reader) -> Response:
    """The page is before its reader, who uses it; show who else reads the case."""
    return readers_part(request, await casework_of(request).day.readers.here_at(number, person))
