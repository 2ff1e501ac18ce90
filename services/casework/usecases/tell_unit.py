"""The unit that has a hand-over hears what concerns it: the citizen has written, it is hers now, it is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.case import Case
from services.casework.mail import Letters
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.stand_in import address_of


@dataclass(frozen=True, slots=True)
class TellUnit:
    """Queues short mails to a unit and its officers within somebody else's transaction.

    They say what has happened and where to read it, never what somebody wrote.
    """

    letters: Letters

    async def citizen_wrote(self, work: Work, contacts: Sequence[Row], now: datetime) -> None:
        """Say at the units that have these contacts' cases that the citizen has written; robots are passed over."""
        goes_on = await work.moving.going_on([one["follows"] for one in contacts])
        wrote = [one for one in contacts if one["follows"] in goes_on and not one["automatic"]]
        own = await work.contacts.of_units([one["id"] for one in wrote])
        cases = {goes_on[one["follows"]]: one for one in wrote if one["id"] not in own}
        for row in await work.handovers.alive(list(cases)):
            officer = await address_of(work, row["assignee"], now)
            to = [row["address"], *([officer] if officer else [])]
            await self._write(work, row, row["number"], "wrote", to, cases[row["case_id"]]["id"], now)

    async def assigned(self, work: Work, row: Row, number: str, officer: Row, now: datetime) -> None:
        """Say to an officer that a hand-over is hers."""
        if officer["email"]:
            await self._write(work, row, number, "assigned", [officer["email"]], str(int(now.timestamp())), now)

    async def withdrawn(self, work: Work, row: Row, case: Case, now: datetime) -> None:
        """Say at the unit that nothing is left to do; not when it was never delivered."""
        if row["delivered_at"] is not None:
            await self._write(work, row, case.number, "withdrawn", [row["address"]], "once", now)

    async def _write(  # noqa: PLR0913, PLR0917 - what a mail to a unit is made of
        self, work: Work, row: Row, number: str, what: str, to: Sequence[str], nonce: str, now: datetime
    ) -> None:
        login = (await work.unit_terms.of(row["unit"]))["has_login"]
        once = dict.fromkeys(filter(None, to))
        await work.mails.queue([self.letters.news(what, row, number, one, nonce, now, login=login) for one in once])
