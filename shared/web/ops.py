"""The operator's doors of every service: dead records and what to do with each, and the way on after a halt.

They work on `app.state.inflow` and `app.state.dead_letters`, which the service's lifespan puts there.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from shared.consume import Inflow
from shared.dead import DeadLetters
from shared.errors import NotFoundError
from shared.topics import Topic
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/ops", include_in_schema=False)

Operator = Annotated[Person, requires(Action.OPERATE)]
Letter = Annotated[str, Path(max_length=100)]


@router.get("/dead")
async def dead(request: Request, _operator: Operator, topic: Annotated[str, Query(max_length=100)] = "") -> Response:
    """List what nothing is decided about yet, of one topic or of all that the service reads."""
    letters, wanted = _letters(request), [_topic(request, topic)] if topic else _topics(request)
    found = [(one.name, letter) for one in wanted for letter in await letters.waiting(one)]
    state = request.app.state
    page: Response = state.pages.render(
        request, "dead.html", service=state.service, letters=found, halted=_inflow(request).halted
    )
    return page


@router.post("/dead/{topic}/{letter_id}/retry")
async def retry(request: Request, topic: str, letter_id: Letter, operator: Operator) -> Response:
    """Write the record to its topic again."""
    await _letters(request).retry(_topic(request, topic), letter_id, by=operator.id)
    return _back(request)


@router.post("/dead/{topic}/{letter_id}/discard")
async def discard(request: Request, topic: str, letter_id: Letter, operator: Operator) -> Response:
    """Decide that nothing will be done."""
    await _letters(request).discard(_topic(request, topic), letter_id, by=operator.id)
    return _back(request)


@router.post("/resume")
async def resume(request: Request, _operator: Operator) -> Response:
    """Go on reading after too many dead records stopped it."""
    _inflow(request).resume()
    return _back(request)


def _topic(request: Request, name: str) -> Topic:
    found = next((topic for topic in _topics(request) if topic.name == name), None)
    if found is None:
        raise NotFoundError
    return found


def _topics(request: Request) -> Sequence[Topic]:
    return _inflow(request).topics


def _inflow(request: Request) -> Inflow:
    inflow: Inflow = request.app.state.inflow
    return inflow


def _letters(request: Request) -> DeadLetters:
    letters: DeadLetters = request.app.state.dead_letters
    return letters


def _back(request: Request) -> Response:
    return RedirectResponse(request.app.state.links.to(request.app.state.service, "/ops/dead"), status_code=303)
