"""What owners are told of their checklists, by mail, once."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.lifecycle import Version
from services.casework.mail import Letters
from services.casework.store.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Telling:
    """Queues mails to those who own a unit's checklists; where nobody does, to the unit."""

    letters: Letters

    async def owners(
        self, work: Work, version: Version, what: str, now: datetime, *, detail: str = "", but: str = ""
    ) -> bool:
        """Tell them, but the one who did it herself; False when the same was told of the same version before."""
        if not await work.versions.remind_once(version.id, version.number, f"{what}:{detail}", now):
            return False
        owners = await work.versions.owners(version.unit)
        unit = await work.catalogue.unit(version.unit)
        to = [row["email"] for row in owners if row["id"] != but] or (
            [unit["handover_address"]] if unit and not owners else []
        )
        case_type = await work.catalogue.case_type(version.checklist.case_type)
        title = case_type["question"] if case_type else version.id
        mails = [self.letters.checklist(what, version, title, one, detail, now) for one in dict.fromkeys(to) if one]
        await work.mails.queue(mails)
        return True
