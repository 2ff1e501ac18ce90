"""The page of one case: what it is about, what was said and done, and where a hand-over stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.casework.usecases.views import CaseView, MessageView, NoteView
from services.casework.web.deed_words import lines_of
from services.casework.web.house import casework_of, names_of
from services.casework.web.typed import Refused
from shared.ids import new_id
from shared.web.access import Action, Person, requires
from shared.web.languages import choose_language

router = APIRouter(prefix="/cases", include_in_schema=False)

_TITLES = {
    "phone": "Samtal",
    "email": "Mejl från invånaren",
    "visit": "Besök",
    "e_service": "E-tjänst",
    "reply": "Svar till invånaren",
    "receipt": "Kvittens till invånaren",
    "notice": "Besked till invånaren",
    "note": "Anteckning",
    "handed_over": "Överlämnat till {to}",
    "acknowledged": "Mottaget",
    "returned": "Skickat tillbaka",
    "answered": "Besvarat av verksamheten",
    "closed": "Avslutat",
}
_PROBLEMS = {"failed": "Mejlet kom inte fram.", "bounced": "Mejlet studsade."}
TEXTS = (*_TITLES.values(), *_PROBLEMS.values())
"""The Swedish texts of the timeline, for the test of the translations."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing on the timeline."""

    at: datetime
    kind: str
    title: str
    author: str = ""
    subject: str = ""
    text: str = ""
    problem: str = ""
    to: str = ""
    contact_id: str = ""
    message: MessageView | None = None
    note: NoteView | None = None


@router.get("/{number}")
async def page(request: Request, number: str, person: Annotated[Person, requires(Action.READ_CASES)]) -> Response:
    """Show one case."""
    return await case_page(request, number, person)


async def case_page(request: Request, number: str, person: Person, refused: Refused | None = None) -> Response:
    """Show one case, with what was refused and typed there."""
    case = await casework_of(request).read_case.run(number, person)
    called = await names_of(request)()
    language, texts = choose_language(request), request.app.state.texts
    timeline = [
        {
            "at": one.at,
            "kind": one.kind,
            "title": texts.text(language, one.title, to=one.to, other=one.to),
            "author": called.person(one.author),
            "subject": one.subject,
            "text": one.text,
            "contacts": [contact for contact in case.contacts if contact.id == one.contact_id],
            "problem": texts.plain(language, one.problem) if one.problem else "",
            "message": one.message,
            "note": one.note,
        }
        for one in timeline_of(case)
    ]
    found: Response = request.app.state.pages.render(
        request,
        "pages/case.html",
        status_code=refused.status if refused else 200,
        refused=refused,
        request_id=new_id(),
        case=case,
        timeline=timeline,
        name_of=called.person,
        readers=await casework_of(request).day.readers.here(case.id, person),
        incidents=await casework_of(request).incidents.of_case.run(case.id),
    )
    return found


def timeline_of(case: CaseView) -> list[Moment]:
    """Return what has happened, newest first."""
    moments = [
        *(_message(message) for message in case.messages),
        *(Moment(one.at, "note", _TITLES["note"], one.author_name, text=one.text, note=one) for one in case.notes),
        *_handovers(case),
        *(Moment(one.at, f"deed {one.what}", one.title, one.by, to=one.params["other"]) for one in lines_of(case)),
    ]
    if case.closed_at is not None and not any(one.what in {"close", "merge"} for one in case.history):
        moments.append(Moment(case.closed_at, "closed", _TITLES["closed"]))
    return sorted(moments, key=lambda one: one.at, reverse=True)


def _message(message: MessageView) -> Moment:
    title = _TITLES.get(message.kind, _TITLES["email"])
    problem = _PROBLEMS.get(message.state, "") if message.direction == "out" and not message.delivery else ""
    return Moment(
        message.at,
        message.direction,
        title,
        message.author,
        message.subject,
        message.text,
        problem,
        contact_id=message.id,
        message=message if message.direction == "out" else None,
    )


def _handovers(case: CaseView) -> Iterator[Moment]:
    for one in case.handovers:
        to = one.unit_name or one.to
        yield Moment(one.at, "handed_over", _TITLES["handed_over"], one.by, text=one.message, to=to)
        if one.acknowledged_at is not None:
            yield Moment(one.acknowledged_at, "acknowledged", _TITLES["acknowledged"], one.acknowledged_by or "")
        if one.ended_at is not None and one.state in _TITLES:
            yield Moment(
                one.ended_at, one.state, _TITLES[one.state], one.ended_by or "", text=one.reason or one.end_text
            )
