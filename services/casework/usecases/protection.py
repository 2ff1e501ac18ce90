"""From whom a case hides its person, what of it, and who may therefore do nothing with it."""

from collections.abc import Mapping
from dataclasses import replace

from services.casework.domain.case import Case
from services.casework.domain.handover import Preview
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.views.handover import HandoverView
from shared.errors import ForbiddenError
from shared.web.access import Person, visible_units

HIDDEN = "•••"
"""Stands where something is known and not shown."""
SENDER = ("sender_name", "sender_email", "sender_phone")
"""The columns that say who has written or called."""
_NAMING = frozenset({"namn", "telefon_eller_e_post"})


def hidden(text: str) -> str:
    """Return what stands for a text that is not shown; nothing stays nothing."""
    return HIDDEN if text else ""


def protects(row: Row, person: Person) -> bool:
    """Return whether a case hides its person from this reader: a protected identity outside of its own unit.

    Shown to the case's agent and to those who belong to its unit by name; to see every unit is no such belonging.
    """
    own = row["unit"] in person.units or row["agent_id"] == person.id or person.machine
    return bool(row["protected"]) and not own


def protects_case(case: Case, person: Person) -> bool:
    """Return the same of a case that is held."""
    return protects({"protected": case.protected, "unit": case.unit, "agent_id": case.agent_id}, person)


def guard(person: Person, *cases: Case) -> None:
    """Raise ForbiddenError when one of the cases hides its person from the doer: she reads what is left of it, only."""
    if any(protects_case(case, person) for case in cases):
        raise ForbiddenError


async def hold(work: Work, number: str, person: Person) -> Case:
    """Return a case, held for a deed of a person: not found where she may not see it, refused as `guard` does.

    Every deed on a case by its number begins here; what only reads may lock the case itself, and hides the person.
    """
    case = await work.cases.lock(number, visible_units(person))
    guard(person, case)
    return case


def veiled(view: HandoverView, *, protected: bool) -> HandoverView:
    """Return a hand-over without what says who the citizen is; where she is protected, without any free words."""
    fields = tuple(
        replace(one, value=hidden(one.value)) if protected or one.name in _NAMING else one for one in view.fields
    )
    if not protected:
        return replace(view, fields=fields)
    return replace(
        view,
        fields=fields,
        message=hidden(view.message),
        reason=hidden(view.reason),
        end_text=hidden(view.end_text),
        progress=hidden(view.progress),
    )


def veiled_plan(plan: Preview) -> Preview:
    """Return what would go without its values; which of them are missing stays."""
    fields = tuple(replace(one, value=hidden(one.value)) for one in plan.fields)
    return replace(plan, fields=fields, tells=hidden(plan.tells))


def nameless(contact: Row) -> Mapping[str, object]:
    """Return a contact without who wrote it."""
    return {**contact, **dict.fromkeys(SENDER)}
