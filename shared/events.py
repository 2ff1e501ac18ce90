"""Every fact on Kafka, one model per type; the docstring of each says when it is true.

Past tense, ids not objects, unknown fields ignored. Removing or narrowing a field is a new version of the type
(a golden JSON per version stands under `tests/contracts/`). Only `contacts` may hold personal data.
"""

from datetime import datetime
from typing import ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field

from shared import topics
from shared.topics import Topic
from shared.vocabulary import (
    CaseState,
    Cause,
    Channel,
    Presence,
    Priority,
    Resolution,
)


class Event(BaseModel):
    """A fact; `event_type` and `topic` are the same for all of its kind, `key` orders it on its topic."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    event_type: ClassVar[str]
    topic: ClassVar[Topic]

    @property
    def key(self) -> str:
        """The Kafka key: events of one key are read in the order in which they were written."""
        raise NotImplementedError


class _ByContact(Event):
    contact_id: str

    @property
    def key(self) -> str:
        return self.contact_id


class _ByCase(Event):
    case_id: str
    case_number: str

    @property
    def key(self) -> str:
        return self.case_id


# The facts of the topic: contacts (personal data).


class Sender(BaseModel):
    """Who contacted us, as far as they said; any part may be missing."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Attachment(BaseModel):
    """One file of a contact; its bytes lie in the originals store under `store_key`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str
    content_type: str
    size: int
    store_key: str


class ContactReceived(_ByContact):
    """A citizen has reached us, and the original is stored."""

    event_type = "contact.received.v1"
    topic = topics.CONTACTS
    channel: Channel
    entrance: str
    unit: str
    language: str = "sv"
    received_at: datetime
    sender: Sender = Sender()
    person_key: str | None = None
    subject: str = ""
    text: str = ""
    """The citizen's own words, without quoted thread and signature; what matching reads."""
    full_text: str = ""
    fields: dict[str, str] = Field(default_factory=dict)
    form: str | None = None
    attachments: tuple[Attachment, ...] = ()
    original_key: str | None = None
    """Where the original lies (`shared.originals`), if there is one."""
    message_id: str | None = None
    references: tuple[str, ...] = ()
    call_id: str | None = None
    ticket: str | None = None
    automatic: bool = False
    """A machine wrote it: never answered by a receipt."""
    unreadable: bool = False
    """It could not be read; the original is kept and a person must look."""
    flags: tuple[str, ...] = ()
    """What the door noticed: `unknown_entrance`, `token_mismatch`, `no_fields` …"""
    linked_case: str | None = None
    """A case that this may concern, not proven (another sender used its token)."""


class ContactFollowedUp(ContactReceived):
    """A citizen has answered in a thread of ours, and the token proves which case it `follows`."""

    event_type = "contact.followed_up.v1"
    follows: str
    """Case id."""


class ContactEnded(_ByContact):
    """The citizen is gone: the caller hung up or the visitor left."""

    event_type = "contact.ended.v1"
    topic = topics.CONTACTS
    ended_at: datetime
    reason: str
    talk_seconds: float | None = None


class ContactBounced(_ByContact):
    """A mail of ours came back undelivered; `contact_id` is the bounce, `message_id` our mail."""

    event_type = "contact.bounced.v1"
    topic = topics.CONTACTS
    message_id: str | None
    recipient: str | None
    status: str | None = None
    permanent: bool = True
    bounced_at: datetime


class ContactPurged(_ByContact):
    """The contact is erased: whoever holds its data must erase it too."""

    event_type = "contact.purged.v1"
    topic = topics.CONTACTS
    purged_at: datetime
    reason: str


# The facts of the topic: routing (pseudonymous).


class Candidate(BaseModel):
    """A case type the contact may be about; `confidence` 0 to 1; `area` joins the middle levels with " / "."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    case_type: str
    unit: str
    area: str
    question: str
    confidence: float


class ChecklistRef(BaseModel):
    """A published version of a checklist."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    version: int


class ContactRouted(_ByContact):
    """The router has decided what the contact is about, its queue, its turn and why."""

    event_type = "contact.routed.v1"
    topic = topics.ROUTING
    channel: Channel
    entrance: str
    unit: str
    language: str
    received_at: datetime
    person_key: str | None = None
    follows: str | None = None
    candidates: tuple[Candidate, ...] = ()
    checklist: ChecklistRef | None = None
    queue: str
    skills: tuple[str, ...] = ()
    priority: Priority
    due_at: datetime | None = None
    why: tuple[str, ...] = ()
    model_version: str = ""
    rules_version: str = ""


class _Epoch(_ByContact):
    topic = topics.ROUTING
    epoch: int
    """Fencing number: a fact with a lower epoch than one already seen is history."""
    at: datetime


class ContactQueued(_Epoch):
    """The contact waits in a queue (for the first time)."""

    event_type = "contact.queued.v1"
    queue: str
    channel: Channel
    priority: Priority


class OfferMade(_Epoch):
    """One agent, and no other, is asked to take the contact until `expires_at`."""

    event_type = "offer.made.v1"
    offer_id: str
    agent_id: str
    queue: str
    expires_at: datetime


class OfferAccepted(_Epoch):
    """The agent has taken the contact."""

    event_type = "offer.accepted.v1"
    offer_id: str
    agent_id: str
    channel: Channel
    queue: str
    waited_seconds: float


class OfferDeclined(_Epoch):
    """The agent could not take it; the contact waits at its old place."""

    event_type = "offer.declined.v1"
    offer_id: str
    agent_id: str
    reason: str


class OfferExpired(_Epoch):
    """The agent did not answer in time; the contact waits at its old place."""

    event_type = "offer.expired.v1"
    offer_id: str
    agent_id: str


class ContactRequeued(_Epoch):
    """An accepted contact waits again, at its old place."""

    event_type = "contact.requeued.v1"
    queue: str
    reason: str
    agent_id: str | None = None


class ContactCompleted(_Epoch):
    """The agent is done with the contact and her capacity is free."""

    event_type = "contact.completed.v1"
    agent_id: str | None = None
    case_type: str | None = None
    channel: Channel
    talk_seconds: float = 0.0


class ContactAbandoned(_Epoch):
    """The citizen left before anyone had accepted."""

    event_type = "contact.abandoned.v1"
    channel: Channel
    queue: str
    waited_seconds: float


class PresenceChanged(Event):
    """An agent became available or not; capacity in units (a call costs 100)."""

    event_type = "agent.presence_changed.v1"
    topic = topics.ROUTING
    agent_id: str
    presence: Presence
    reason: str | None = None
    capacity: int = 100
    used: int = 0
    at: datetime

    @property
    def key(self) -> str:
        return self.agent_id


# The facts of the topic: cases (pseudonymous).


class CaseOpened(_ByCase):
    """A case exists for the contact."""

    event_type = "case.opened.v1"
    topic = topics.CASES
    contact_id: str
    channel: Channel
    entrance: str
    unit: str
    person_key: str | None = None
    opened_at: datetime


class CaseClassified(_ByCase):
    """The case's type was set by the router, confirmed or corrected by an agent."""

    event_type = "case.classified.v1"
    topic = topics.CASES
    contact_id: str
    case_type: str
    unit: str
    how: str
    """`set`, `confirmed` or `corrected`."""
    previous: str | None = None
    by: str | None = None
    at: datetime


class CaseStepDone(_ByCase):
    """A step of the checklist is done."""

    event_type = "case.step_done.v1"
    topic = topics.CASES
    checklist: ChecklistRef
    step: str
    option: str | None = None
    by: str
    at: datetime


class _CaseEnd(_ByCase):
    topic = topics.CASES
    contact_id: str
    epoch: int = 0
    channel: Channel
    unit: str
    case_type: str | None = None
    checklist: ChecklistRef | None = None
    handling_seconds: float = 0.0
    by: str | None = None
    at: datetime


class CaseClosed(_CaseEnd):
    """The case is solved or otherwise at its end."""

    event_type = "case.closed.v1"
    resolution: Resolution
    cause: Cause | None = None
    first_contact: bool = False
    """Closed in the first contact, with a resolution that counts strictly."""


class CaseReopened(_ByCase):
    """A closed case lives again."""

    event_type = "case.reopened.v1"
    topic = topics.CASES
    contact_id: str
    by: str | None = None
    at: datetime
    state: CaseState = CaseState.OPEN


class CaseHandedOver(_CaseEnd):
    """The verksamhet has the case now."""

    event_type = "case.handed_over.v1"
    handover_id: str
    to: str
    priority: str = "normal"
    acknowledge_by: datetime
    answer_by: datetime


class _Handover(_ByCase):
    topic = topics.CASES
    handover_id: str
    by: str
    at: datetime


class HandoverAcknowledged(_Handover):
    """A named person or function has confirmed the receipt of the hand-over."""

    event_type = "handover.acknowledged.v1"


class HandoverProgressed(_Handover):
    """The officer has said how it goes."""

    event_type = "handover.progressed.v1"
    planned_for: datetime | None = None


class HandoverReturned(_Handover):
    """The hand-over came to the wrong place (*felskickat*)."""

    event_type = "handover.returned.v1"
    reason: str


class HandoverAnswered(_Handover):
    """The citizen has the answer."""

    event_type = "handover.answered.v1"


class DeadlineMissed(_ByCase):
    """A promise was broken; said once per promise."""

    event_type = "deadline.missed.v1"
    topic = topics.CASES
    kind: str
    """`acknowledge`, `answer` or `due`."""
    due_at: datetime
    at: datetime


class KnowledgeGapReported(_ByCase):
    """An agent found something missing or wrong in a checklist, or no checklist at all."""

    event_type = "knowledge.gap_reported.v1"
    topic = topics.CASES
    checklist: ChecklistRef | None = None
    step: str | None = None
    at: datetime


# The facts of the topic: load.


class AlarmRaised(Event):
    """A series is abnormally high."""

    event_type = "alarm.raised.v1"
    topic = topics.LOAD
    alarm_id: str
    series: dict[str, str]
    since: datetime
    count: int
    expected: float
    low: float
    high: float
    odds: float
    text: str
    at: datetime

    @property
    def key(self) -> str:
        return "|".join(f"{name}={value}" for name, value in sorted(self.series.items())) or "all"


class AlarmCleared(Event):
    """The series is normal again."""

    event_type = "alarm.cleared.v1"
    topic = topics.LOAD
    alarm_id: str
    series: dict[str, str]
    at: datetime

    @property
    def key(self) -> str:
        return "|".join(f"{name}={value}" for name, value in sorted(self.series.items())) or "all"


EndingEvent = CaseClosed | CaseHandedOver
"""The events of `cases` that free an agent's capacity."""

STREAM_EVENTS = (
    ContactReceived
    | ContactFollowedUp
    | ContactEnded
    | ContactBounced
    | ContactPurged
    | ContactRouted
    | ContactQueued
    | OfferMade
    | OfferAccepted
    | OfferDeclined
    | OfferExpired
    | ContactRequeued
    | ContactCompleted
    | ContactAbandoned
    | PresenceChanged
    | CaseOpened
    | CaseClassified
    | CaseStepDone
    | CaseClosed
    | CaseReopened
    | CaseHandedOver
    | HandoverAcknowledged
    | HandoverProgressed
    | HandoverReturned
    | HandoverAnswered
    | DeadlineMissed
    | KnowledgeGapReported
    | AlarmRaised
    | AlarmCleared
)

EVENT_TYPES: dict[str, type[Event]] = {model.event_type: model for model in get_args(STREAM_EVENTS)}
"""Every streamed event by its `ce_type`; the records of whole tables stand in `shared.tables`."""
