"""What people and programs take in by hand: visits and calls."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.visit import said_to_visitor
from services.intake.store.answers import Asked
from services.intake.usecases.register_visit import HandCall, Visitor
from services.intake.web.reception import TOPIC as VISITS
from shared.languages import SHOWN
from shared.web.access import Action, Person, requires

Registrar = Annotated[Person, requires(Action.REGISTER_VISIT)]
Id = Annotated[str, Path(max_length=64, pattern=r"^[0-9A-Za-z-]+$")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(populate_by_name=True)


class VisitIn(_Model):
    """A visitor at a desk."""

    entrance: str = Field(min_length=1, max_length=100)
    matter: str = Field(min_length=1, max_length=4000)
    name: str | None = Field(None, max_length=200)
    language: str = Field("sv", pattern=r"^[a-z]{2,3}$")


class VisitOut(_Model):
    """The visitor's ticket."""

    contact_id: str
    ticket: str
    text: str
    """What stands on the ticket, in the visitor's language."""


class MissedOut(_Model):
    """What follows when a called visitor does not come."""

    again: bool
    """She is called again; else her visit is over."""
    calls: int


class LanguageOut(_Model):
    """A language of the reception, in its own words."""

    code: str
    name: str


class LanguagesOut(_Model):
    """All of them."""

    items: list[LanguageOut]
    next: None = None


class CallIn(_Model):
    """A call taken by hand."""

    entrance: str = Field(min_length=1, max_length=100)
    caller: str | None = Field(None, alias="from", max_length=60)
    note: str = Field("", max_length=4000)


class CallOut(_Model):
    """The contact of the call."""

    contact_id: str


class ConnectIn(_Model):
    """Where a caller is passed on to."""

    number: str = Field(pattern=r"^\+[1-9][0-9]{6,14}$")
    """E.164."""


router = APIRouter(prefix="/api/v1", tags=["reception"])


@router.post("/visits", status_code=201)
async def visit(request: Request, body: VisitIn, person: Registrar, key: Key = None) -> VisitOut:
    """Register a visitor and give her a queue ticket; the same `Idempotency-Key` within a day is the same ticket."""
    visitor = Visitor(body.entrance, body.matter, body.name, body.language)
    asked = Asked(f"visits:{person.id}", key, body.model_dump())
    given = await request.app.state.register_visit.register(visitor, asked)
    request.app.state.hub.publish(VISITS, "visits")
    text = said_to_visitor(given.ticket, body.language)
    return VisitOut(contact_id=given.contact_id, ticket=given.ticket, text=text)


@router.get("/visits/languages")
async def languages(_person: Registrar) -> LanguagesOut:
    """List the languages that a visitor can be asked to choose among; any other code is taken, too."""
    return LanguagesOut(items=[LanguageOut(code=code, name=name) for code, name in SHOWN])


@router.post("/visits/{contact_id}/missed")
async def missed(request: Request, contact_id: Id, person: Registrar, key: Key = None) -> MissedOut:
    """Say that a called visitor did not come: her ticket is called again, or her visit is over (`again` false)."""
    asked = Asked(f"missed:{person.id}", key, {"contact_id": contact_id})
    follows = await request.app.state.call_again.missed(contact_id, asked)
    request.app.state.hub.publish(VISITS, "visits")
    return MissedOut(again=follows.again, calls=follows.calls)


@router.post("/calls", status_code=201)
async def call(request: Request, body: CallIn, person: Registrar, key: Key = None) -> CallOut:
    """Register a call that was taken by hand; the same `Idempotency-Key` within a day is the same call."""
    asked = Asked(f"calls:{person.id}", key, body.model_dump())
    noted = HandCall(body.entrance, body.caller, body.note)
    return CallOut(contact_id=await request.app.state.register_call.register(noted, asked))


@router.post("/calls/{contact_id}/connect", status_code=204)
async def connect(
    request: Request, contact_id: Id, body: ConnectIn, _person: Annotated[Person, requires(Action.USE_API)]
) -> None:
    """Pass a caller on to a number as soon as the agent she talks to puts her receiver down; 404 where nobody talks."""
    await request.app.state.pass_to_number.run(contact_id, body.number)
