"""What a case is to other cases, who it is about, and what was done with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.vocabulary import CaseState


@dataclass(frozen=True, slots=True)
class LinkView:
    """A linked case that the reader may see; `back` when the link goes from that case to this one."""

    number: str
    kind: str
    """`duplicate`, `follow_up`, `merged`, `split` or `related`."""
    back: bool
    state: CaseState
    question: str
    opened_at: datetime
    by_hand: bool = False
    """Whether it can be taken away."""


@dataclass(frozen=True, slots=True)
class AboutView:
    """Somebody the case is about; `role` is `citizen`, `representative` or `anonymous`."""

    id: str
    role: str
    name: str
    email: str
    phone: str
    note: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One line of the history: who did what when; `facts` are codes and numbers of cases."""

    at: datetime
    what: str
    by: str
    by_name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
