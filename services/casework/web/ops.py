"""The operator's page: records that could not be handled, what to do with each, and the way on after a halt."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from shared.dead import DeadLetters
from shared.errors import NotFoundError
from shared.topics import CONTACTS, LOAD, ROUTING, Topic
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/ops", include_in_schema=False)

Operator = Annotated[Person, requires(Action.OPERATE)]
Letter = Annotated[str, Path(max_length=100)]
READ = (CONTACTS, ROUTING, LOAD)
"""The topics that casework's groups read."""


@router.get("/dead")
async def dead(request: Request, _operator: Operator) -> Response:
    """List what nothing is decided about yet."""
    letters = _letters(request)
    found = [(topic.name, letter) for topic in READ for letter in await letters.waiting(topic)]
    halted = request.app.state.inflow.halted
    page: Response = request.app.state.pages.render(request, "pages/dead.html", letters=found, halted=halted)
    return page


@router.post("/dead/{topic}/{letter_id}/retry")
async def retry(request: Request, topic: str, letter_id: Letter, operator: Operator) -> Response:
    """Write the record to its topic again."""
    await _letters(request).retry(_topic(topic), letter_id, by=operator.id)
    return _back(request)


@router.post("/dead/{topic}/{letter_id}/discard")
async def discard(request: Request, topic: str, letter_id: Letter, operator: Operator) -> Response:
    """Decide that nothing will be done."""
    await _letters(request).discard(_topic(topic), letter_id, by=operator.id)
    return _back(request)


@router.post("/resume")
async def resume(request: Request, _operator: Operator) -> Response:
    """Go on reading after too many dead records stopped it."""
    request.app.state.inflow.resume()
    return _back(request)


def _topic(name: str) -> Topic:
    found = next((topic for topic in READ if topic.name == name), None)
    if found is None:
        raise NotFoundError
    return found


def _letters(request: Request) -> DeadLetters:
    letters: DeadLetters = request.app.state.dead_letters
    return letters


def _back(request: Request) -> Response:
    return RedirectResponse(request.app.state.links.to("casework", "/ops/dead"), status_code=303)
