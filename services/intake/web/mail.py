"""The mailboxes' page: what became of every mail, what differs, a button for each; and the same doors for programs."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from services.intake.domain.outcome import Outcome, swedish_day
from services.intake.domain.reconciliation import Kind
from services.intake.usecases.mail_overview import MailOverview, Overview
from services.intake.usecases.read_again import ReadAgain
from services.intake.usecases.repair_mail import RepairMail
from shared.clock import Clock
from shared.errors import DomainError, FieldError
from shared.web.access import Action, Person, requires

DAYS = 14
MOST_DAYS = 92

Supervisor = Annotated[Person, requires(Action.SUPERVISE)]
Reader = Annotated[Person, requires(Action.READ_CASES)]
Id = Annotated[str, Path(max_length=64, pattern=r"^[0-9A-Za-z-]+$")]
First = Annotated[date | None, Query(alias="from")]
Last = Annotated[date | None, Query(alias="to")]


class Compare(Protocol):
    """What compares all mailboxes."""

    async def once(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class MailDoors:
    """What the routes of the mail call."""

    overview: MailOverview
    repair: RepairMail
    read_again: ReadAgain
    reconcile: Compare
    clock: Clock


class PeriodError(DomainError):
    """The days asked for make no period, or one that is too long."""

    type = "invalid-input"
    status = 422
    title = "Något i det du skickade stämmer inte."

    def __init__(self) -> None:
        super().__init__(
            errors=[FieldError("/from", "Perioden ska vara högst 92 dagar och sluta efter att den börjar.")]
        )


class Done(BaseModel):
    """What has become of a mail: the contact that it is, when it is one."""

    contact_id: str | None = None


pages = APIRouter(prefix="/mail", include_in_schema=False, dependencies=[requires(Action.SUPERVISE)])
doors = APIRouter(prefix="/api/v1", tags=["mail"])


@pages.get("")
async def page(request: Request, first: First = None, last: Last = None, done: str = "") -> Response:
    """Show the page; `done` says what a button has just done."""
    return await _render(request, "pages/mail.html", first, last, done=done)


@pages.get("/table")
async def table(request: Request, first: First = None, last: Last = None) -> Response:
    """Show the live part alone."""
    return await _render(request, "partials/mail.html", first, last)


@pages.post("/compare")
async def compare(request: Request) -> Response:
    """Compare every mailbox now."""
    well = await _doors(request).reconcile.once()
    return _back(request, "same" if well else "differs")


@pages.post("/differences/{difference_id}/repair")
async def repair(request: Request, difference_id: Id) -> Response:
    """Do what is missing."""
    await _doors(request).repair.repair(difference_id)
    return _back(request, "repaired")


@pages.post("/differences/{difference_id}/note")
async def note(request: Request, difference_id: Id) -> Response:
    """Keep a mail in quarantine without taking it in."""
    await _doors(request).repair.note(difference_id)
    return _back(request, "noted")


@pages.post("/quarantine/{contact_id}/retry")
async def retry(request: Request, contact_id: Id) -> Response:
    """Try again with a mail in quarantine."""
    await _doors(request).repair.release(contact_id)
    return _back(request, "released")


@doors.get("/mail/reconciliation")
async def reconciliation(request: Request, _who: Supervisor, first: First = None, last: Last = None) -> dict[str, Any]:
    """Per mailbox and day the five outcomes, their sum and the difference; what differs; what is in quarantine.

    A period of at most 92 days; the last 14 when none is given.
    """
    begin, end = _period(request, first, last)
    return _told(await _doors(request).overview.view(begin, end))


@doors.post("/mail/differences/{difference_id}/repair", status_code=204)
async def repair_by_door(request: Request, difference_id: Id, _who: Supervisor) -> None:
    """Take the mail in, move it, or publish its event again: what its kind needs."""
    await _doors(request).repair.repair(difference_id)


@doors.post("/mail/differences/{difference_id}/note", status_code=204)
async def note_by_door(request: Request, difference_id: Id, _who: Supervisor) -> None:
    """Keep the mail in quarantine without taking it in."""
    await _doors(request).repair.note(difference_id)


@doors.post("/mail/quarantine/{contact_id}/retry")
async def retry_by_door(request: Request, contact_id: Id, _who: Supervisor) -> Done:
    """Try again with a mail in quarantine; 409 when it still becomes no contact."""
    return Done(contact_id=await _doors(request).repair.release(contact_id))


@doors.post("/mails/{contact_id}/read-again", status_code=202)
async def read_again(request: Request, contact_id: Id, _who: Reader) -> dict[str, Any]:
    """Read the stored original of a mail anew; what is read is published as `contact.reread`."""
    event = await _doors(request).read_again.read(contact_id)
    return {"contact_id": contact_id, "unreadable": event.unreadable}


def _doors(request: Request) -> MailDoors:
    found: MailDoors = request.app.state.mail
    return found


def _period(request: Request, first: date | None, last: date | None) -> tuple[date, date]:
    end = last or swedish_day(_doors(request).clock())
    begin = first or date.fromordinal(max(1, end.toordinal() - DAYS + 1))
    if not timedelta(0) <= end - begin < timedelta(days=MOST_DAYS):
        raise PeriodError
    return begin, end


async def _render(request: Request, name: str, first: date | None, last: date | None, done: str = "") -> Response:
    begin, end = _period(request, first, last)
    state = request.app.state
    view = await _doors(request).overview.view(begin, end)
    shown: Response = state.pages.render(
        request,
        name,
        view=view,
        first=begin,
        last=end,
        done=done if done in {"same", "differs", "repaired", "noted", "released"} else "",
        labels={box.name: box.label for box in view.boxes},
        outcomes=list(Outcome),
        can_note=(Kind.WAITING, Kind.UNKNOWN),
        open_count=len(view.differences),
    )
    return shown


def _back(request: Request, done: str) -> Response:
    """Lead back to the page after a post, so that a reload does nothing twice."""
    return RedirectResponse(f"{request.app.state.links.to('intake', '/mail')}?done={done}", status_code=303)


def _told(view: Overview) -> dict[str, Any]:
    items = [
        {"mailbox": box.name, "day": day.day, **{one.value: day.counts[one] for one in Outcome}}
        | {"sum": day.total, "seen": day.seen, "difference": day.difference, "listed": day.listed}
        for box in view.boxes
        for day in box.days
    ]
    mailboxes = [
        {
            "mailbox": box.name,
            "label": box.label,
            "problem": box.problem,
            "notes": box.notes,
            "since": box.since,
            "checked_at": box.check.checked_at if box.check else None,
            "checked_from": box.check.since if box.check else None,
            "inbox": box.check.inbox if box.check else None,
        }
        for box in view.boxes
    ]
    return {
        "items": items,
        "next": None,
        "mailboxes": mailboxes,
        "differences": [
            {
                "id": one.id,
                "kind": one.kind,
                "mailbox": one.spot.mailbox,
                "folder": one.spot.folder,
                "uid": one.spot.uid,
                "received_at": one.received_at,
                "found_at": one.found_at,
                "contact_id": one.contact_id,
            }
            for one in view.differences
        ],
        "quarantined": [
            {
                "contact_id": line.entry.contact_id,
                "mailbox": line.entry.spot.mailbox,
                "received_at": line.entry.received_at,
                "why": line.entry.why,
            }
            for line in view.quarantined
        ],
    }
