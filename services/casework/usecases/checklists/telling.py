"""What owners are told of their checklists, by mail, once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.lifecycle import Version
from services.casework.mail import Letters
from services.casework.store.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Telling:
    """Queues mails to those who own a unit's checklists; where nobody else does, to the unit."""

    letters: Letters

    async def owners(
        self, work: Work, version: Version, what: str, now: datetime, *, detail: str = "", but: Collection[str] = ()
    ) -> bool:
        """Tell them, but those (`but`) who did it themselves; False when it was told before or there is no address.

        What nobody could be told is not noted as told: it goes out once there is an address.
        """
        to = await self._addresses(work, version.unit, but)
        if not to or not await work.versions.remind_once(version.id, version.number, f"{what}:{detail}", now):
            return False
        case_type = await work.catalogue.case_type(version.checklist.case_type)
        title = case_type["question"] if case_type else version.id
        await work.mails.queue([self.letters.checklist(what, version, title, one, detail, now) for one in to])
        return True

    async def _addresses(self, work: Work, unit_id: str, but: Collection[str]) -> tuple[str, ...]:
        owners = [row["email"] for row in await work.versions.owners(unit_id) if row["id"] not in but]
        unit = None if any(owners) else await work.catalogue.unit(unit_id)
        found = [*owners, unit["handover_address"] if unit else ""]
        return tuple(dict.fromkeys(one.strip() for one in found if one and one.strip()))
