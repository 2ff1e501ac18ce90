"""The doors to a case's files: always a download, never a page of ours, only for those who may read the case."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response

from services.casework.usecases.read_files import FileView
from services.casework.web.house import casework_of
from shared.originals import safe_name
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/cases/{number}/contacts/{contact_id}", include_in_schema=False)

sent = APIRouter(prefix="/cases/{number}/sent", include_in_schema=False)

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
