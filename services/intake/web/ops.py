"""The operator's page: records that could not be handled, what to do with each, and the way on after a halt."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from shared.dead import DeadLetters
from shared.topics import ROUTING
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/ops", include_in_schema=False)

Operator = Annotated[Person, requires(Action.OPERATE)]
Letter = Annotated[str, Path(max_length=100)]
READ = (ROUTING,)
"""The topics that intake's groups read."""


@router.get("/dead")
async def dead(request: Request, operator: Operator) -> Response:
    """List what nothing is decided about yet."""
    del operator
    letters = _letters(request)
    found = [(topic.name, letter) for topic in READ for letter in await letters.waiting(topic)]
    page: Response = request.app.state.pages.render(
        request, "pages/dead.html", letters=found, halted=request.app.state.inflow.halted
    )
    return page


@router.post("/dead/{letter_id}/retry")
async def retry(request: Request, letter_id: Letter, operator: Operator) -> Response:
    """Write the record to its topic again."""
    await _letters(request).retry(ROUTING, letter_id, by=operator.id)
    return _back(request)


@router.post("/dead/{letter_id}/discard")
async def discard(request: Request, letter_id: Letter, operator: Operator) -> Response:
    """Decide that nothing will be done."""
    await _letters(request).discard(ROUTING, letter_id, by=operator.id)
    return _back(request)


@router.post("/resume")
async def resume(request: Request, operator: Operator) -> Response:
    """Go on reading after too many dead records stopped it."""
    del operator
    request.app.state.inflow.resume()
    return _back(request)


def _letters(request: Request) -> DeadLetters:
    letters: DeadLetters = request.app.state.dead_letters
    return letters


def _back(request: Request) -> Response:
    return RedirectResponse(request.app.state.links.to("intake", "/ops/dead"), status_code=303)
