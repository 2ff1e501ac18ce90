"""The page of the directory: a file is taken in after its report, and who is away is set by hand."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from services.casework.usecases.directory import ReportChangedError
from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.files.directory_csv import COLUMNS
from services.casework.web.house import casework_of
from services.casework.web.typed import NO_DAY, SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.clock import local, utc_now
from shared.errors import DomainError
from shared.web.access import Action, Person, requires
from shared.web.languages import choose_language

Administrator = Annotated[Person, requires(Action.ADMIN)]
LIMIT = 10 * 1024 * 1024
"""Bytes of a file."""
DONE = frozenset({"taken", "away"})
_SHOWN = 50
"""Names of a report, hits and errors that are shown."""

router = APIRouter(prefix="/admin/directory", include_in_schema=False)


class NoFileError(DomainError):
    """No file was chosen, or it is too large."""

    type = "no-file"
    status = 422
    title = "Välj en fil på högst 10 MB."


@router.get("")
async def page(request: Request, _person: Administrator, q: str = "", done: str = "") -> Response:
    """Show how many there are, who is away, and what a search finds."""
    return await _render(request, q=q, done=done if done in DONE else "")


@router.post("")
async def upload(request: Request, person: Administrator, file: UploadFile | None = None) -> Response:
    """Show what a file would do, or everything that is wrong with it; nothing is done yet."""
    data = await file.read(LIMIT + 1) if file else b""
    form = Typed({})
    if not data or len(data) > LIMIT:
        return await _render(request, status_code=422, refused=Refused.by(NoFileError(), request, "file", form))
    try:
        report = await casework_of(request).directory.take_in.report(data, person.id)
    except RejectedFileError as error:
        title = request.app.state.texts.text(choose_language(request), error.title)
        refused = Refused("file", error.status, title, {}, {})
        return await _render(request, status_code=422, refused=refused, faults=error.found)
    return await _render(request, report=report)


@router.post("/take")
async def take(request: Request, person: Administrator) -> Response:
    """Take in the file whose report has been seen."""
    form = await typed(request)
    try:
        await casework_of(request).directory.take_in.take(person.id, form.text("mark", wanted=True, most=64))
    except (ReportChangedError, RejectedFileError) as error:
        return await _render(
            request, status_code=error.status, refused=Refused.by(ReportChangedError(), request, "file", form)
        )
    return RedirectResponse("/admin/directory?done=taken", status_code=303)


@router.get("/{entry_id}")
async def entry(request: Request, entry_id: str, _person: Administrator, q: str = "") -> Response:
    """Show an entry, and ask until when it is away; `q` finds a stand-in."""
    return await _entry(request, entry_id, q)


@router.post("/{entry_id}/away")
async def away(request: Request, entry_id: str, _person: Administrator) -> Response:
    """Set until when it is away and who stands in; no day is here again."""
    form = await typed(request)
    try:
        until = _day(form)
        form.check()
        await casework_of(request).directory.set_away.run(entry_id, until, form.text("stand_in", most=SHORT))
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _entry(request, entry_id, form.values.get("q", ""), Refused.by(error, request, "away", form))
    return RedirectResponse(f"/admin/directory?{urlencode({'done': 'away'})}", status_code=303)


def _day(form: Typed) -> date | None:
    said = form.text("until", most=SHORT)
    if not said or form.values.get("act") == "back":
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        form.fault("until", NO_DAY)
        return None


async def _entry(request: Request, entry_id: str, q: str, refused: Refused | None = None) -> Response:
    read = casework_of(request).directory.read
    found = await read.one(entry_id)
    others = [one for one in await read.find(q, _SHOWN) if one.id != entry_id] if q.strip() else []
    options = [(found.stand_in.id, found.stand_in.name)] if found.stand_in else []
    options += [(one.id, f"{one.name} ({one.unit_name})") for one in others if (one.id, one.name) not in options]
    page: Response = request.app.state.pages.render(
        request,
        "pages/directory_entry.html",
        status_code=refused.status if refused else 200,
        entry=found,
        options=options,
        query=q,
        refused=refused,
        today=local(utc_now()).date().isoformat(),
    )
    return page


async def _render(request: Request, *, status_code: int = 200, q: str = "", **more: Any) -> Response:
    read = casework_of(request).directory.read
    view = {
        "count": await read.count(),
        "away": await read.away(),
        "query": q,
        "hits": await read.find(q, _SHOWN) if q.strip() else (),
        "columns": list(COLUMNS),
        "most": _SHOWN,
        "report": None,
        "refused": None,
        "faults": (),
        "done": "",
        **more,
    }
    page: Response = request.app.state.pages.render(request, "pages/directory.html", status_code=status_code, **view)
    return page
