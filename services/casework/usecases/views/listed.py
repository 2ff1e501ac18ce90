"""A case in a list."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.usecases.views.checklist import ChecklistNamed
from shared.vocabulary import CaseState, Channel


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list."""

    id: str
    number: str
    state: CaseState
    channel: Channel
    unit: str
    unit_name: str
    case_type: str | None
    question: str
    subject: str
    """Subject or first words of the contact."""
    sender: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    agent_id: str | None
    resolution: str | None
    contact_id: str = ""
    """The contact that opened it."""
    classified_how: str | None = None
    checklist: ChecklistNamed | None = None
    light: str = ""
    """How its due time stands in its unit's working time: `green amber red`; empty while no clock of ours runs."""


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of a list of cases, and the cursor of the next."""

    items: tuple[CaseRow, ...]
    next: str | None
