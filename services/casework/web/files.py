"""The doors to what came with a case, only for those who may read it: files to download, a mail as it looked to see.

A file is never a page of ours. What a mail looked like is one that nothing can be done from: see `_FRAMED`.
"""

from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from services.casework.usecases.read_files import FileView, InfectedFileError, ShownLaterError
from services.casework.usecases.scans import INFECTED
from services.casework.usecases.views import CaseView, ContactView
from services.casework.web.again_dialog import show
from services.casework.web.desk_view import is_part
from services.casework.web.house import casework_of
from shared.errors import NotFoundError
from shared.originals import safe_name
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/cases/{number}/contacts/{contact_id}", include_in_schema=False)

sent = APIRouter(prefix="/cases/{number}/sent", include_in_schema=False)

_FRAMED = {
    "content-security-policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; base-uri 'none'"
    ),
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "unsafe-none",  # a sandboxed page with any other is refused by browsers
    "cache-control": "private, no-store",
}
"""A page of no origin: no script, no request, no form, no cookie; a link opens beside it, without the sandbox."""

Reader = Annotated[Person, requires(Action.READ_CASES)]


@router.get("/attachments/{place}")
async def attachment(
    request: Request, number: str, contact_id: str, place: Annotated[int, Path(ge=1, le=1000)], person: Reader
) -> Response:
    """Hand out an attachment; the first is 1."""
    return _download(await casework_of(request).read_file.run(number, contact_id, place, person))


@router.get("/original")
async def original(request: Request, number: str, contact_id: str, person: Reader) -> Response:
    """Hand out the mail as it came."""
    return _download(await casework_of(request).read_file.run(number, contact_id, None, person))


@router.get("/shown")
async def shown(request: Request, number: str, contact_id: str, person: Reader) -> Response:
    """Show the mail as it looked, for a frame: harmless by nh3, and held by its headers besides."""
    try:
        found, status = await casework_of(request).read_shown.run(number, contact_id, person), 200
    except ShownLaterError as error:  # said here: a page of errors is shown in no frame
        found, status = None, error.status
    page: Response = request.app.state.pages.render(
        request,
        "pages/mail_shown.html",
        status_code=status,
        shown=replace(found, html=Markup(found.html)) if found else None,  # noqa: S704 - nh3 has made it harmless
    )
    page.headers.update(_FRAMED)
    return page


@router.get("/as-it-looked")
async def as_it_looked(request: Request, number: str, contact_id: str, person: Reader) -> Response:
    """Show the mail as it looked, in a dialog of the desk or a page of its own."""
    case = await casework_of(request).read_case.run(number, person)
    contact = _contact(case, contact_id)
    if INFECTED in contact.flags:
        raise InfectedFileError
    return show(request, "partials/dialog_mail.html", "Mejlet som det såg ut", case=case, contact=contact)


@router.post("/read-again")
async def read_again(request: Request, number: str, contact_id: str, person: Reader) -> Response:
    """Have a mail that could not be read read again; the page follows when what it says has come."""
    readable = await casework_of(request).read_again.run(number, contact_id, person)
    if not is_part(request):
        return RedirectResponse(f"/cases/{number}", status_code=303)
    case = await casework_of(request).read_case.run(number, person)
    contact = _contact(case, contact_id)
    asked = "read" if readable else "in_vain"
    template = "partials/contact_unreadable.html"
    part: Response = request.app.state.pages.render(request, template, case=case, contact=contact, asked=asked)
    return part


@router.get("/read-again")
async def read_by_now(request: Request, number: str, contact_id: str, person: Reader) -> Response:
    """Say whether what was read again has come: the page that asks reads itself anew then."""
    case = await casework_of(request).read_case.run(number, person)
    came = not _contact(case, contact_id).unreadable
    return Response(status_code=204, headers={"hx-refresh": "true"} if came else {})


def _contact(case: CaseView, contact_id: str) -> ContactView:
    found = next((one for one in case.contacts if one.id == contact_id and one.original_key), None)
    if found is None:
        raise NotFoundError
    return found


@sent.get("/{file_id}")
async def sent_file(request: Request, number: str, file_id: str, person: Reader) -> Response:
    """Hand out a file that went out with a reply, or is in the reader's own draft."""
    return _download(await casework_of(request).outgoing.sent_file.run(number, file_id, person))


def _download(file: FileView) -> Response:
    """Answer so that no browser opens, guesses or keeps it."""
    disposition = f"attachment; filename=\"{safe_name(file.name)}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    headers = {
        "content-disposition": disposition,
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, no-store",
    }
    return Response(file.data, media_type=file.content_type, headers=headers)
