"""Passing a caller on to a number of the directory (*Koppla*), and all that can be done with the directory."""

from dataclasses import dataclass
from typing import Protocol

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.directory import ImportDirectory, ReadDirectory, SetEntryAway
from services.casework.usecases.pass_on import held
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import DomainError, NotFoundError
from shared.vocabulary import Channel
from shared.web.access import Person

CONNECTED = "connected"
"""What the history calls it; it says the unit and never whom somebody asked for."""


class NotACallError(DomainError):
    """Only a caller can be passed on to a number."""

    type = "not-a-call"
    status = 409
    title = "Bara den som ringer kan kopplas till ett nummer."


class NoNumberError(DomainError):
    """The entry has no number that may be used."""

    type = "no-number"
    status = 422
    title = "Det finns inget nummer att koppla till."


class OwnPhoneError(DomainError):
    """The call does not go through our telephony, or nobody talks in it: the agent's own phone must do it."""

    type = "own-phone"
    status = 409
    title = "Samtalet går inte genom vår telefoni. Koppla det i din telefon."


class Telephony(Protocol):
    """What holds the call: intake."""

    async def connect(self, contact_id: str, number: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ConnectCaller:
    """Have a caller passed on to a number of the directory as soon as the agent puts her receiver down."""

    uow: UnitOfWork
    telephony: Telephony
    read: ReadDirectory
    clock: Clock

    async def run(self, number: str, person: Person, entry_id: str) -> str:
        """Pass the caller on and return the number; the contact stays the agent's, who ends the case as always."""
        entry = await self.read.one(entry_id)
        async with self.uow.begin() as work:
            _, contact = await held(work, number, person)
        if contact["channel"] != Channel.PHONE:
            raise NotACallError
        if not entry.dials:
            raise NoNumberError
        try:
            await self.telephony.connect(contact["id"], entry.dials)
        except NotFoundError as error:
            raise OwnPhoneError from error
        async with self.uow.begin() as work:
            case, _ = await held(work, number, person)
            await work.history.write(
                case.id,
                self.clock(),
                by=author(person, case),
                by_name=person.name,
                what=CONNECTED,
                facts={"unit": entry.unit},
            )
        return entry.dials


@dataclass(frozen=True, slots=True)
class Directory:
    """The use cases of the directory."""

    read: ReadDirectory
    take_in: ImportDirectory
    set_away: SetEntryAway
    connect: ConnectCaller

    @classmethod
    def make(cls, uow: UnitOfWork, telephony: Telephony, clock: Clock) -> "Directory":
        """Build them on one database."""
        read = ReadDirectory(uow, clock)
        connect = ConnectCaller(uow, telephony, read, clock)
        return cls(read, ImportDirectory(uow, clock), SetEntryAway(uow, clock), connect)
