"""What the pages stand on, found at `app.state`: the use cases, the names of things, who sits where, and the hub."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request

from services.casework.store.bell import HELP, INCIDENTS, LEFT, READING, TAKEN, Bell
from services.casework.usecases.casework import Casework
from services.casework.web.fallback_file import FallbackFile
from services.casework.web.mail_state import MailOutage
from services.casework.web.names import Names
from services.casework.web.seat import Hands, Times
from services.casework.web.seats import Seats
from shared.clock import Clock, utc_now
from shared.web.live import Hub


@asynccontextmanager
async def open_pages(
    app: FastAPI,
    casework: Casework,
    bell: Bell | None = None,
    clock: Clock = utc_now,
    times: Times | None = None,
    fallback_file: str = "",
) -> AsyncIterator[None]:
    """Set what the pages need on `app.state` for the life of the app; `bell` says what changes at a desk."""

    async def hands(agent_id: str) -> Hands:
        cases = (await casework.read_desk.run(agent_id)).cases
        return Hands.TALKING if any(case.live for case in cases) else Hands.WRITING if cases else Hands.FREE

    hub = Hub()
    seats = Seats(casework.router, hub, hands, clock, times, casework.may_call_back.run)
    if bell is not None:
        bell.listen(lambda rung: _rung(seats, hub, rung))
    app.state.casework = casework
    app.state.hub = hub
    app.state.seats = seats
    app.state.names = Names(casework.read_catalogue, casework.read_people)
    app.state.mail_outage = outage = MailOutage(casework.outgoing.outage)
    paper = FallbackFile(casework.day.read_fallback, app.state.pages, fallback_file, clock)
    await paper.start()
    await outage.start()
    await seats.start()
    try:
        yield
    finally:
        await seats.stop()
        await outage.stop()
        await paper.stop()


def _rung(seats: Seats, hub: Hub, what: str | None) -> None:
    """Tell who is concerned: a desk, the desks that are offered a contact, or everybody."""
    if what in {None, INCIDENTS}:
        hub.publish("incidents", "incidents")
    if what in {None, HELP}:
        hub.publish("help", "help")
    if what is not None and what.startswith(LEFT):
        seats.withdraw(what.removeprefix(LEFT))
    elif what is not None and what.startswith(TAKEN):
        contact_id, _, agent_id = what.removeprefix(TAKEN).partition("|")
        seats.taken(contact_id, agent_id)
    elif what is not None and what.startswith(READING):
        seats.tell(what.removeprefix(READING), "reading")
    elif what not in {INCIDENTS, HELP}:
        seats.look_up(what)


def casework_of(request: Request) -> Casework:
    """Return the use cases."""
    casework: Casework = request.app.state.casework
    return casework


def names_of(request: Request) -> Names:
    """Return the names of things."""
    names: Names = request.app.state.names
    return names


def seats_of(request: Request) -> Seats:
    """Return the seats of this process."""
    seats: Seats = request.app.state.seats
    return seats
