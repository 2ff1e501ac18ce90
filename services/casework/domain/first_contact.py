"""First-contact resolution: decided when a case is closed, never better than what the citizen met."""

from enum import StrEnum

from services.casework.domain.checklist import Checklist
from shared.vocabulary import STRICTLY_SOLVED, WIDELY_SOLVED, Outcome, Resolution

REPEAT_DAYS = 7
"""Who comes back on the same case type within so many days was not helped; a unit's terms may say otherwise."""


class Withdrawn(StrEnum):
    """Why a first-contact resolution was none."""

    REOPENED = "reopened"
    CAME_BACK = "came_back"


def solved(resolution: Resolution, *, once: bool) -> tuple[bool, bool]:
    """Return whether a close counts strictly, and whether widely; `once`: the citizen needed one contact."""
    return once and resolution in STRICTLY_SOLVED, once and resolution in WIDELY_SOLVED


def allows(checklist: Checklist | None) -> bool | None:
    """Return whether a checklist has an end that closes; None without one: nobody has said what may not be closed."""
    return any(end.kind is Outcome.CLOSE for end in checklist.ends) if checklist else None
