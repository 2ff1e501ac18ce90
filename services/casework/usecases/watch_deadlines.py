"""Promises are watched: who has to keep one is reminded once, who has to know is told once when it was broken."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.deadline import Light, Watched, amber_until, light
from services.casework.domain.handover import Why
from services.casework.mail import Letters
from services.casework.store.deadlines import Deadlines
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.calendars import Calendars, calendars
from services.casework.usecases.stand_in import address_of
from services.casework.usecases.tell_citizen import TellCitizen
from shared.clock import Clock
from shared.events import DeadlineMissed
from shared.ids import natural_event_id

MOST = 50
"""Hand-overs in one transaction: a watcher that is killed has done nothing of it, and holds nobody up for long."""
MOST_SOON = 1000
MOST_CASES = 500


@dataclass(frozen=True, slots=True)
class WatchDeadlines:
    """Find receipts, answers and cases whose time runs out or has passed."""

    uow: UnitOfWork
    letters: Letters
    tell: TellCitizen
    clock: Clock

    async def run(self) -> int:
        """Remind, and tell every newly broken promise; returns how many were broken."""
        while await self._remind() == MOST:
            pass
        missed = 0
        while told := await self._miss():
            missed += told
        return missed

    async def _remind(self) -> int:
        """Remind of some promises; returns of how many hand-overs."""
        now = self.clock()
        async with self.uow.begin() as work:
            known, watched = await calendars(work), Deadlines(work.conn)
            ends = {unit: amber_until(now, calendar) for unit, calendar in known.own.items()}
            soon = await watched.soon(now, ends, amber_until(now), MOST_SOON)
            amber = [row["id"] for row in soon if self._kinds(row, known, now)]
            held = await watched.hold(amber[:MOST])
            for row in held:
                if kinds := self._kinds(row, known, now):
                    await self._reminded(work, row, kinds, now)
        return len(held)

    def _kinds(self, row: Row, known: Calendars, now: datetime) -> list[str]:
        """Return which promises of a hand-over are amber and nobody was reminded of."""
        calendar = known.of(row["unit"])
        waits = [kind for kind in _promised(row) if row[f"{kind}_reminded_at"] is None]
        return [kind for kind in waits if light(now, row["at"], row[f"{kind}_by"], calendar) is Light.AMBER]

    async def _reminded(self, work: Work, row: Row, kinds: list[str], now: datetime) -> None:
        await work.handovers.change(row["id"], **{f"{kind}_reminded_at": now for kind in kinds})
        recipients = dict.fromkeys(filter(None, (row["address"], await address_of(work, row["assignee"], now))))
        await self._write(work, "reminder", row, kinds, list(recipients), now)
        await self._note(work, row, Watched.REMIND, kinds, now)

    async def _miss(self) -> int:
        """Tell some broken promises; returns how many."""
        now = self.clock()
        async with self.uow.begin() as work:
            watched, missed = Deadlines(work.conn), 0
            for row in await watched.late(now, MOST):
                missed += await self._missed(work, row, now)
            for row in await watched.overdue_cases(now, MOST_CASES):
                self._event(work, row["id"], row["number"], "due", row["due_at"], now)
                work.ring(row["agent_id"])
                missed += 1
        return missed

    async def _missed(self, work: Work, row: Row, now: datetime) -> int:
        kinds = [kind for kind in _promised(row) if not row[f"{kind}_missed"] and row[f"{kind}_by"] < now]
        await work.handovers.change(row["id"], **{f"{kind}_missed": True for kind in kinds})
        for kind in kinds:
            self._event(work, row["case_id"], row["number"], kind, row[f"{kind}_by"], now)
        terms = await work.unit_terms.of(row["unit"])
        address = terms["escalation_address"] or row["address"]
        await self._write(work, "escalation", row, kinds, [address] if address else [], now)
        await self._note(work, row, Watched.ESCALATE, kinds, now)
        work.ring(row["by"], row["agent_id"])
        if "answer" in kinds:
            await self._tell_citizen(work, row, now)
        return len(kinds)

    async def _tell_citizen(self, work: Work, row: Row, now: datetime) -> None:
        """Say in her thread that it is late and who has it; not which unit where secrecy is presumed."""
        case, unit = await work.cases.lock_id(row["case_id"]), await work.catalogue.unit(row["unit"])
        secret = any(one["why"] == Why.SECRECY for one in row["withheld"])
        name = str(unit["name"]) if unit and not secret else ""
        await self.tell.late(work, case, row, unit_name=name, now=now)

    async def _write(
        self, work: Work, what: str, row: Row, kinds: list[str], recipients: list[str], now: datetime
    ) -> None:
        login = (await work.unit_terms.of(row["unit"]))["has_login"]
        promises = {kind: row[f"{kind}_by"] for kind in kinds}
        await work.mails.queue([self.letters.promise(what, row, to, promises, now, login=login) for to in recipients])

    async def _note(self, work: Work, row: Row, deed: Watched, kinds: list[str], now: datetime) -> None:
        facts = {"handover_id": row["id"], "unit": row["unit"], "promises": kinds}
        await work.history.write(row["case_id"], now, by="", by_name="", what=deed.value, facts=facts)

    def _event(self, work: Work, case_id: str, number: str, kind: str, due: datetime, now: datetime) -> None:
        event = DeadlineMissed(case_id=case_id, case_number=number, kind=kind, due_at=due, at=now)
        work.tell(event, event_id=natural_event_id(event.event_type, case_id, kind, due.isoformat()))


def _promised(row: Row) -> tuple[str, ...]:
    """Return what is still promised: the receipt until it is given, the answer until the end."""
    return ("acknowledge", "answer") if row["state"] == "sent" else ("answer",)
