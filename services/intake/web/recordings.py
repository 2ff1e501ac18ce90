"""The page of what callers hear: every entrance's recordings, to be heard, uploaded and removed."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from services.intake.channels.elks import Actions
from services.intake.domain.recording import ALL, SWEDISH, Kind, Recording, find
from services.intake.usecases.recordings import NoRecordingError, Recordings
from shared.languages import RECORDED
from shared.web.access import Action, Person, requires

Administrator = Annotated[Person, requires(Action.ADMIN)]
Place = Annotated[str, Form(max_length=100)]
Spoken = Annotated[str, Form(pattern=r"^[a-z]{2,3}$")]
DONE = frozenset({"uploaded", "removed"})

pages = APIRouter(prefix="/recordings", include_in_schema=False, dependencies=[requires(Action.ADMIN)])


@pages.get("")
async def page(request: Request, entrance: str = ALL, done: str = "") -> Response:
    """Show an entrance's recordings; `done` says what a button has just done."""
    recordings: Recordings = request.app.state.recordings
    await recordings.look()
    return _render(request, entrance, done=done if done in DONE else "")


@pages.post("")
async def upload(
    request: Request,
    person: Administrator,
    entrance: Place,
    kind: Annotated[Kind, Form()],
    language: Spoken = SWEDISH,
    file: UploadFile | None = None,
) -> Response:
    """Use a recording from now on; what telephony could not play is refused with its reason."""
    recordings: Recordings = request.app.state.recordings
    data = await file.read(recordings.limit + 1) if file else b""
    try:
        await recordings.upload(entrance, kind, language, data, person.id)
    except NoRecordingError as error:
        given = {"kind": kind, "language": language, "problem": error.errors[0].detail}
        return _render(request, entrance, status_code=422, **given)
    return _back(request, entrance, "uploaded")


@pages.post("/remove")
async def remove(
    request: Request, entrance: Place, kind: Annotated[Kind, Form()], language: Spoken = SWEDISH
) -> Response:
    """Use a recording no more."""
    recordings: Recordings = request.app.state.recordings
    await recordings.remove(entrance, kind, language)
    return _back(request, entrance, "removed")


def _render(request: Request, entrance: str, *, status_code: int = 200, **more: Any) -> Response:
    state = request.app.state
    recordings: Recordings = state.recordings
    numbers = recordings.numbers()
    chosen = next((one for one in numbers if one.id == entrance), None)
    place = chosen.id if chosen else ALL
    own = sorted((one for one in recordings.shelf.values() if one.entrance == place), key=_order)
    heard = {kind: find(recordings.shelf, place, kind, SWEDISH) for kind in Kind}
    actions: Actions = state.elks
    fault = heard[Kind.FAULT]
    address = f"{actions.base}/sounds/{fault.file}" if fault else ""
    view = {
        "numbers": numbers,
        "chosen": chosen,
        "place": place,
        "own": own,
        "heard": heard,
        "kinds": list(Kind),
        "languages": RECORDED,
        "all": ALL,
        "limit": recordings.limit,
        "fallback": actions.fallback(address, chosen.jour) if chosen else None,
        "done": "",
        "kind": "",
        "language": SWEDISH,
        "problem": "",
        **more,
    }
    page: Response = state.pages.render(request, "pages/recordings.html", status_code=status_code, **view)
    return page


def _order(recording: Recording) -> tuple[int, str]:
    return list(Kind).index(recording.kind), recording.language


def _back(request: Request, entrance: str, done: str) -> Response:
    """Lead back to the page after a post, so that a reload uploads nothing twice."""
    query = urlencode({"entrance": entrance, "done": done})
    return RedirectResponse(f"{request.app.state.links.to('intake', '/recordings')}?{query}", status_code=303)
