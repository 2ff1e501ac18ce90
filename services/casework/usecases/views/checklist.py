"""A checklist as it stands in its run."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.news import News


@dataclass(frozen=True, slots=True)
class OptionView:
    """An answer: `value` is what to send back, `label` what to show (params filled in), `key` its digit."""

    value: str
    label: str
    key: int


@dataclass(frozen=True, slots=True)
class StepLinkView:
    """A page that helps with a step."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as it stands in the run: `state` is `done`, `now` or `ahead`."""

    id: str
    type: str
    text: str
    state: str
    obligatory: bool
    hint: str = ""
    options: tuple[OptionView, ...] = ()
    option: str | None = None
    """The answer that was given."""
    note: str = ""
    by: str | None = None
    at: datetime | None = None
    delegation: bool = False
    """It is a decision that asks by which delegation it is taken."""
    reference: str = ""
    links: tuple[StepLinkView, ...] = ()
    remember: tuple[str, ...] = ()
    """What to think of at this step now: `identity`, `secrecy`, `legal`, `forbid`."""


@dataclass(frozen=True, slots=True)
class EndView:
    """The end that the run has come to: what is suggested now."""

    id: str
    kind: str
    resolution: str | None
    message: str
    to: str | None
    mode: str | None
    priority: str
    note: str
    why: str = ""
    """Why a hand-over cannot be closed by the contact centre itself."""


@dataclass(frozen=True, slots=True)
class NewerView:
    """The version that holds now, when the run stands in another one."""

    version: int
    urgent: bool
    """An urgent change (*akutändring*)."""
    reason: str
    since: datetime | None
    news: tuple[News, ...]


@dataclass(frozen=True, slots=True)
class ChecklistView:
    """The checklist of a case, in the version its run began with, and how far it has come.

    `steps` are those done, in the order they were done, then the one that is now, then those that may come.
    """

    id: str
    version: int
    identity: str
    identity_note: str
    secrecy: str
    legal_note: str
    owner_role: str
    owner_unit: str
    published_at: datetime | None
    review_overdue: bool
    forbid: tuple[str, ...]
    params: dict[str, str]
    steps: tuple[StepView, ...]
    now: StepView | None
    end: EndView | None
    can_go_back: bool
    open_obligatory: tuple[str, ...]
    newer: NewerView | None = None


@dataclass(frozen=True, slots=True)
class ChecklistNamed:
    """A version of a checklist, by name."""

    id: str
    version: int
