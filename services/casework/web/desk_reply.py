"""Writing to the citizen from the desk: the dialog, its draft, templates and files, sending, and taking it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from services.casework.domain import sms
from services.casework.usecases.reply_draft import LARGEST_FILE, FileTooLargeError
from services.casework.usecases.views import CaseView
from services.casework.web.desk import Agent
from services.casework.web.desk_view import answer_with_work, is_part, saved_at
from services.casework.web.house import casework_of
from services.casework.web.typed import LONG, SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError, NotFoundError
from shared.ids import new_id
from shared.vocabulary import LIVE_CHANNELS
from shared.web.access import Person

router = APIRouter(prefix="/desk/cases/{number}/reply", include_in_schema=False)

_DIALOG = "partials/dialog_reply.html"
_CHANNELS = frozenset({"email", "sms"})


@dataclass(frozen=True, slots=True)
class Writing:
    """A reply as the dialog shows it."""

    text: str
    channel: str
    saved: datetime | None

    @property
    def parts(self) -> int:
        """How many SMS it would be; 0 for a mail."""
        return sms.parts(sms.plain(self.text)) if self.channel == "sms" else 0


@router.get("")
async def dialog(request: Request, number: str, person: Agent) -> Response:
    """Write to the citizen: what was written and not sent stands there still."""
    return await _show(request, number, person)


@router.post("")
async def send(request: Request, number: str, person: Agent) -> Response:
    """Send the answer; the case stays. A refusal is the dialog again, with what was typed."""
    form = await typed(request)
    house = casework_of(request)
    await house.outgoing.save_draft.run(number, person, form.values.get("text", ""))
    try:
        await _take_files(request, number, person)
        text = form.text("text", wanted=True, most=LONG)
        channel = form.one_of("channel", _CHANNELS, wanted=False)
        request_id = form.text("request_id", wanted=True, most=64)
        form.check()
        await house.reply.run(
            number,
            person,
            text,
            request_id,
            channel="sms" if channel == "sms" else "email",
            seen=form.values.get("seen", ""),
        )
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _show(request, number, person, form.values, Refused.by(error, request, "reply", form))
    return await answer_with_work(request, person, number, done=True)


@router.post("/draft")
async def draft(request: Request, number: str, person: Agent) -> Response:
    """Keep the answer as it is typed; says when it was saved, and how many SMS it is."""
    form = await typed(request)
    text = form.values.get("text", "")
    saved = await casework_of(request).outgoing.save_draft.run(number, person, text)
    if not is_part(request):
        return RedirectResponse(f"/desk/cases/{number}/reply", status_code=303)
    return _part(request, "partials/reply_saved.html", writing=Writing(text, _channel(form.values), saved))


@router.post("/template")
async def template(request: Request, number: str, person: Agent) -> Response:
    """Put a template into the answer: in place of the greeting, else after what is written. Nothing typed is lost."""
    form = await typed(request)
    house = casework_of(request)
    case = await house.read_case.run(number, person)
    templates = house.outgoing.templates
    fitting = [one for kind in ("reply", "sms") for one in await templates.fitting(number, person, kind)]
    found = next((one for one in fitting if one.id == form.values.get("template")), None)
    said = form.values.get("text", "")
    if found is not None:
        begun = "" if said.strip() in {"", case.greeting.strip()} else said.rstrip()
        said = "\n\n".join(filter(None, (begun, found.body.strip())))
    saved = await house.outgoing.save_draft.run(number, person, said)
    if not is_part(request):
        return RedirectResponse(f"/desk/cases/{number}/reply", status_code=303)
    writing = Writing(said, _channel(form.values), saved)
    return _part(request, "partials/reply_text.html", case=case, writing=writing, refused=None, focus=True)


@router.post("/files")
async def attach(request: Request, number: str, person: Agent) -> Response:
    """Put files to the answer; one that is refused says why, the others are kept."""
    form = await typed(request)
    if "text" in form.values:
        await casework_of(request).outgoing.save_draft.run(number, person, form.values["text"])
    refused = None
    try:
        await _take_files(request, number, person)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        refused = Refused.by(error, request, "files", form)
    return await _files(request, number, person, form, refused)


@router.post("/files/{file_id}/remove")
async def remove(request: Request, number: str, file_id: str, person: Agent) -> Response:
    """Take a file away, for good."""
    form = await typed(request)
    if "text" in form.values:
        await casework_of(request).outgoing.save_draft.run(number, person, form.values["text"])
    await casework_of(request).outgoing.files.remove(number, person, file_id)
    return await _files(request, number, person, form)


@router.post("/undo")
async def undo(request: Request, number: str, person: Agent, reply_id: Annotated[str, Form(max_length=64)]) -> Response:
    """Take the answer back; its words are a draft again."""
    await casework_of(request).outgoing.undo.run(number, person, reply_id)
    if not is_part(request):
        return RedirectResponse(f"/desk/cases/{number}/reply", status_code=303)
    return await answer_with_work(request, person, number, done=True, notice="kc:write")


async def _take_files(request: Request, number: str, person: Person) -> None:
    for file in (await request.form()).getlist("file"):
        if not isinstance(file, UploadFile) or not file.filename:
            continue
        if (file.size or 0) > LARGEST_FILE:
            raise FileTooLargeError(name=file.filename)
        data, kind = await file.read(), file.content_type or "application/octet-stream"
        await casework_of(request).outgoing.files.run(number, person, file.filename, kind, data)


async def _files(
    request: Request, number: str, person: Person, form: Typed, refused: Refused | None = None
) -> Response:
    if not is_part(request):
        if refused is None:
            return RedirectResponse(f"/desk/cases/{number}/reply", status_code=303)
        return await _show(request, number, person, form.values, refused)
    case = await casework_of(request).read_case.run(number, person)
    files = (await casework_of(request).outgoing.draft.run(number, person)).files
    return _part(request, "partials/reply_files.html", case=case, files=files, refused=refused)


async def _show(
    request: Request,
    number: str,
    person: Person,
    said: Mapping[str, str] | None = None,
    refused: Refused | None = None,
) -> Response:
    """Render the dialog: alone for scripts, inside a page of its own otherwise."""
    house = casework_of(request)
    case = await house.read_case.run(number, person)
    if not (case.reply_to or case.sms_to):
        raise NotFoundError
    kept = await house.outgoing.draft.run(number, person)
    text = (said or {}).get("text") or kept.text or opening(case)
    channel = _channel(said or {}) if case.reply_to and case.sms_to else "email" if case.reply_to else "sms"
    facts: dict[str, Any] = {
        "case": case,
        "writing": Writing(text, channel, kept.saved_at),
        "files": kept.files,
        "templates": kept.templates,
        "sms_templates": await house.outgoing.templates.fitting(number, person, "sms") if case.sms_to else (),
        "other": kept.other,
        "other_name": kept.other_name,
        "seen": kept.other["id"] if kept.other else "",
        "request_id": (said or {}).get("request_id") or new_id(),
        "refused": refused,
    }
    status, pages = refused.status if refused else 200, request.app.state.pages
    if not is_part(request):
        whole: Response = pages.render(
            request, "pages/dialog.html", status_code=status, dialog=_DIALOG, dialog_title="Svara", **_shown(facts)
        )
        return whole
    part: Response = pages.render(request, _DIALOG, status_code=status, **_shown(facts))
    part.headers["hx-retarget"], part.headers["hx-reswap"] = "#dialog-body", "innerHTML"
    return part


def opening(case: CaseView) -> str:
    """Return how an answer begins: as the entrance greets those who write; what is said to callers is no letter."""
    return f"{case.greeting}\n\n" if case.greeting and case.channel not in LIVE_CHANNELS else ""


def _channel(said: Mapping[str, str]) -> str:
    return "sms" if said.get("channel") == "sms" else "email"


def _part(request: Request, name: str, **facts: Any) -> Response:
    part: Response = request.app.state.pages.render(request, name, **_shown(facts))
    return part


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"saved_at": saved_at, "focus": False, **facts}
