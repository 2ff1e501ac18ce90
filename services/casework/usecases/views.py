"""What a page or a JSON door shows: plain, frozen view models, made by the reading use cases."""

from dataclasses import dataclass, field
from datetime import datetime

from services.casework.usecases.work_views import MoveView, QuestionView
from shared.vocabulary import CaseState, Channel, TakenOver


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A case type the contact may be about; `confidence` 0 to 1."""

    case_type: str
    unit: str
    unit_name: str
    area: str
    question: str
    confidence: float
    checklist: bool = False


@dataclass(frozen=True, slots=True)
class OptionView:
    """An answer: `value` is what to send back, `label` what to show (params filled in), `key` its digit."""

    value: str
    label: str
    key: int


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


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file that came with a contact."""

    name: str
    content_type: str
    size: int
    store_key: str


@dataclass(frozen=True, slots=True)
class ContactView:
    """One contact of the case; `current` is the one that is worked on."""

    id: str
    channel: Channel
    entrance: str
    entrance_name: str
    received_at: datetime
    sender_name: str | None
    sender_email: str | None
    sender_phone: str | None
    subject: str
    text: str
    full_text: str
    language: str
    fields: dict[str, str]
    attachments: tuple[AttachmentView, ...]
    flags: tuple[str, ...]
    unreadable: bool
    automatic: bool
    ticket: str | None
    queue: str
    waited_seconds: float
    accepted_at: datetime | None
    ended_at: datetime | None
    epoch: int
    agent_id: str | None
    purged: bool
    current: bool
    why: tuple[str, ...] = ()
    linked_case: str | None = None
    done_at: datetime | None = None
    """When the work on it ended."""
    original_key: str | None = None
    kind: str = "contact"
    """`return_call` when we are to call the citizen, or have."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of the conversation, oldest first; `direction` is `in` or `out`.

    `state` of a mail of ours: `queued`, `sent`, `failed` or `bounced`.
    """

    id: str
    direction: str
    kind: str
    at: datetime
    author: str
    subject: str
    text: str
    state: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NoteView:
    """A locked note (tjänsteanteckning)."""

    id: str
    author: str
    author_name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """A value that went along, or would."""

    name: str
    label: str
    value: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class HandoverView:
    """A hand-over as agent and officer see it."""

    id: str
    case_number: str
    state: str
    to: str
    unit: str
    unit_name: str
    address: str
    mode: str | None
    priority: str
    message: str
    fields: tuple[FieldView, ...]
    by: str
    at: datetime
    acknowledge_by: datetime
    answer_by: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    ended_at: datetime | None
    ended_by: str | None
    end_text: str
    reason: str
    external_ref: str | None
    planned_for: datetime | None
    performer: str
    progress: str
    progress_at: datetime | None
    late: bool
    """A deadline has passed without its promise kept."""
    mail_state: str = ""


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What would go if the case were handed over now, and what is missing; nothing has happened."""

    to: str
    unit: str
    unit_name: str
    address: str
    mode: str | None
    priority: str
    fields: tuple[FieldView, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    message: str
    with_conversation: bool
    acknowledge_by: datetime
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class ChecklistNamed:
    """A version of a checklist, by name."""

    id: str
    version: int


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


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything that the desk and the case page show of a case."""

    id: str
    number: str
    state: CaseState
    channel: Channel
    entrance: str
    entrance_name: str
    greeting: str
    """What to say or write first, with the agent's first name filled in."""
    unit: str
    unit_name: str
    case_type: str | None
    path: tuple[str, ...]
    area: str
    question: str
    classified_how: str | None
    """`set` by the router, `confirmed` or `corrected` by an agent."""
    language: str
    priority: str | None
    agent_id: str | None
    agent_name: str | None
    opened_at: datetime
    due_at: datetime | None
    parked_until: datetime | None
    resolution: str | None
    cause: str | None
    closed_at: datetime | None
    first_contact: bool
    handling_seconds: float
    candidates: tuple[CandidateView, ...]
    checklist: ChecklistView | None
    contacts: tuple[ContactView, ...]
    messages: tuple[MessageView, ...]
    notes: tuple[NoteView, ...]
    draft: str
    """What the reader has typed as a note and not locked."""
    draft_saved_at: datetime | None
    handover: HandoverView | None
    """The latest hand-over."""
    handovers: tuple[HandoverView, ...]
    earlier: tuple[CaseRow, ...]
    """Other cases of the same person that the reader may see, newest first, at most five."""
    taken_over: TakenOver
    """Whether the contact centre answers for it yet."""
    forward_to: str
    """Number or address that it is connected or forwarded to when it is not taken over; else empty."""
    reply_to: str | None
    """The address a reply would go to; None when the citizen cannot be written to."""
    can: frozenset[str] = field(default_factory=frozenset)
    """What can be done now: `classify step note reply close hand_over park reopen return answer`."""

    moves: tuple[MoveView, ...] = ()
    questions: tuple[QuestionView, ...] = ()
    """What colleagues are asked about the current contact, oldest first."""
    asks_me: QuestionView | None = None
    """The question that the reader has taken and is not done with."""

    @property
    def contact(self) -> ContactView:
        """The contact that is worked on now."""
        return next((contact for contact in self.contacts if contact.current), self.contacts[-1])


@dataclass(frozen=True, slots=True)
class AlarmView:
    """An alarm that is on: what stats says, since when."""

    id: str
    series: dict[str, str]
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A hand-over in the officers' inbox, with its case in brief."""

    handover: HandoverView
    case: CaseRow


@dataclass(frozen=True, slots=True)
class InboxView:
    """The hand-overs of the units a person sees: not received, in work, lately ended."""

    waiting: tuple[InboxRow, ...]
    working: tuple[InboxRow, ...]
    ended: tuple[InboxRow, ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person who can log in."""

    id: str
    name: str
    roles: tuple[str, ...]
    units: tuple[str, ...]
    unit_names: tuple[str, ...]
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of a list of cases, and the cursor of the next."""

    items: tuple[CaseRow, ...]
    next: str | None
