"""How residents put a case type (*så kan det låta*): what matching starts from, kept by the unit that answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.casework.store.catalogue import case_type_record
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.work_case import UnknownCaseTypeError
from shared.errors import DomainError, FieldError, ForbiddenError
from shared.web.access import Action, Person, allow, visible_units

MOST, LONGEST = 20, 500
TOO_MANY = "Högst 20 rader."
LINE_TOO_LONG = "En rad får ha högst 500 tecken."
TEXTS = (TOO_MANY, LINE_TOO_LONG)
"""What is said beside the field, for the test of the translations."""


class ExamplesFaultyError(DomainError):
    """There are too many of them, or one is too long."""

    type = "examples-faulty"
    status = 422
    title = "Exemplen går inte att spara."


@dataclass(frozen=True, slots=True)
class SayExamples:
    """Write how residents put a case type; the router learns it from the catalogue."""

    uow: UnitOfWork

    async def run(self, person: Person, case_type: str, texts: Sequence[str]) -> bool:
        """Return whether that was news; a case type of another unit is not hers to say."""
        plain = [one for one in dict.fromkeys(text.replace("\x00", "").strip() for text in texts) if one]
        wrong = TOO_MANY if len(plain) > MOST else LINE_TOO_LONG if any(len(one) > LONGEST for one in plain) else ""
        if wrong:
            raise ExamplesFaultyError(errors=(FieldError("/examples", wrong),))
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            row = await work.catalogue.case_type(case_type)
            seen = visible_units(person)
            if row is None or (seen is not None and row["unit"] not in seen):
                raise UnknownCaseTypeError
            if not allow(person, Action.EDIT_CHECKLISTS, row["unit"]):
                raise ForbiddenError
            changed = await work.catalogue.put_examples({case_type: plain})
            for one in changed:
                work.tell(case_type_record(one))
        return bool(changed)
