"""A visitor who was called does not come: her ticket is called again, and after that the case ends as a no-show."""

from dataclasses import dataclass

from services.casework.channels.intake import Intake, Missed
from services.casework.domain.case import Case, Deed
from services.casework.domain.ending import Ending, may_end
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.close_case import close
from services.casework.usecases.pass_on import held
from services.casework.usecases.standing import permitted
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import ConflictError, NotFoundError
from shared.vocabulary import CaseState, Channel, Resolution
from shared.web.access import Person, visible_units

CALLED_AGAIN = "called_again"
"""What the history calls it."""
NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True)
class NoShow:
    """Say that a visitor did not come. Intake calls her again, or says that it was called often enough.

    A step of a checklist that nobody has begun stands in no way: nobody was there to be asked.
    """

    uow: UnitOfWork
    intake: Intake
    clock: Clock

    async def run(self, number: str, person: Person, request_id: str) -> Missed:
        """Return what follows; ConflictError when the visit is not the person's. The same request is one miss."""
        async with self.uow.begin() as work:
            if await self._over(work, number, person):
                return Missed(again=False, calls=0)
            case, contact = await self._visit(work, number, person)
            may_end(await work.runs.of(case), Ending.NO_SHOW)  # before the visit is over at intake
        follows = await self._ask(contact, request_id)
        async with self.uow.begin() as work:
            case, _ = await self._visit(work, number, person)
            now, by = self.clock(), author(person, case)
            what = CALLED_AGAIN if follows.again else NO_SHOW
            facts = {"number": follows.calls} if follows.again else {}
            last = await work.history.last_of(case.id, {what})
            if last is None or last["facts"] != facts:  # a repeated answer of intake is no second call
                await work.history.write(case.id, now, by=by, by_name=person.name, what=what, facts=facts)
            if follows.again:
                await work.cases.change(case.id, now)
            else:
                await permitted(work, case, Deed.CLOSE, self.clock)
                await close(work, case, by, Resolution.NO_SHOW, None, now, how=Ending.NO_SHOW)
        return follows

    async def _over(self, work: Work, number: str, person: Person) -> bool:
        case = await work.cases.lock(number, visible_units(person))
        return case.state is CaseState.CLOSED and case.resolution == Resolution.NO_SHOW

    async def _visit(self, work: Work, number: str, person: Person) -> tuple[Case, Row]:
        case, contact = await held(work, number, person)
        if contact["channel"] != Channel.VISIT:
            raise ConflictError
        return case, contact

    async def _ask(self, contact: Row, request_id: str) -> Missed:
        """Ask intake; a visitor that it does not know (any more) has no screen to be called on."""
        try:
            return await self.intake.missed(contact["id"], f"{contact['epoch']}:{request_id}")
        except NotFoundError:
            return Missed(again=False, calls=0)
