"""Every fact on Kafka, one model per type; the docstring of each says when it is true.

Past tense, ids not objects, unknown fields ignored. Removing or narrowing a field is a new version of the type
(a golden JSON per version stands under `tests/contracts/`). Only `contacts` may hold personal data.
"""

from typing import get_args

from shared.events.base import Event
from shared.events.cases import (
    CaseClassified,
    CaseClosed,
    CaseHandedOver,
    CaseMerged,
    CaseOpened,
    CaseParked,
    CaseReopened,
    CaseSplit,
    CaseStepDone,
    CaseStepUndone,
    ContactSetAside,
    DeadlineMissed,
    FirstContactWithdrawn,
    IncidentLinked,
    IncidentUnlinked,
    KnowledgeGapAnswered,
    KnowledgeGapReported,
    ReturnCallTried,
    TimeAdded,
)
from shared.events.contacts import (
    Attachment,
    CallConnected,
    CallNotAnswered,
    ContactAnswered,
    ContactBounced,
    ContactEnded,
    ContactFollowedUp,
    ContactGivenBack,
    ContactPurged,
    ContactReceived,
    ContactReread,
    ContactScanned,
    FileScanned,
    Sender,
)
from shared.events.handovers import (
    HandoverAcknowledged,
    HandoverAnswered,
    HandoverAssigned,
    HandoverDelivered,
    HandoverMoved,
    HandoverPaused,
    HandoverProgressed,
    HandoverResumed,
    HandoverReturned,
    HandoverWithdrawn,
)
from shared.events.load import AlarmCleared, AlarmRaised
from shared.events.routing import (
    Candidate,
    ChecklistRef,
    ContactAbandoned,
    ContactCompleted,
    ContactLeft,
    ContactQueued,
    ContactRequeued,
    ContactRouted,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    PresenceChanged,
)
from shared.events.work import (
    ContactConferenced,
    ContactConnected,
    ContactHeld,
    ContactMoved,
    ContactResumed,
    ContactTransferred,
    ReturnCallOffered,
    ReturnCallPromised,
    SupervisorActed,
    WrapUpStarted,
)

__all__ = [
    "EVENT_TYPES",
    "STREAM_EVENTS",
    "AlarmCleared",
    "AlarmRaised",
    "Attachment",
    "CallConnected",
    "CallNotAnswered",
    "Candidate",
    "CaseClassified",
    "CaseClosed",
    "CaseHandedOver",
    "CaseMerged",
    "CaseOpened",
    "CaseParked",
    "CaseReopened",
    "CaseSplit",
    "CaseStepDone",
    "CaseStepUndone",
    "ChecklistRef",
    "ContactAbandoned",
    "ContactAnswered",
    "ContactBounced",
    "ContactCompleted",
    "ContactConferenced",
    "ContactConnected",
    "ContactEnded",
    "ContactFollowedUp",
    "ContactGivenBack",
    "ContactHeld",
    "ContactLeft",
    "ContactMoved",
    "ContactPurged",
    "ContactQueued",
    "ContactReceived",
    "ContactRequeued",
    "ContactReread",
    "ContactResumed",
    "ContactRouted",
    "ContactScanned",
    "ContactSetAside",
    "ContactTransferred",
    "DeadlineMissed",
    "EndingEvent",
    "Event",
    "FileScanned",
    "FirstContactWithdrawn",
    "HandoverAcknowledged",
    "HandoverAnswered",
    "HandoverAssigned",
    "HandoverDelivered",
    "HandoverMoved",
    "HandoverPaused",
    "HandoverProgressed",
    "HandoverResumed",
    "HandoverReturned",
    "HandoverWithdrawn",
    "IncidentLinked",
    "IncidentUnlinked",
    "KnowledgeGapAnswered",
    "KnowledgeGapReported",
    "OfferAccepted",
    "OfferDeclined",
    "OfferExpired",
    "OfferMade",
    "PresenceChanged",
    "ReturnCallOffered",
    "ReturnCallPromised",
    "ReturnCallTried",
    "Sender",
    "SupervisorActed",
    "TimeAdded",
    "WrapUpStarted",
]

EndingEvent = CaseClosed | CaseHandedOver | CaseParked | CaseMerged | ContactSetAside
"""The events of `cases` that free an agent's capacity."""

STREAM_EVENTS = (
    ContactReceived
    | ContactFollowedUp
    | ContactReread
    | ContactAnswered
    | ContactGivenBack
    | ContactEnded
    | CallConnected
    | CallNotAnswered
    | ContactBounced
    | ContactScanned
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
    | ContactLeft
    | PresenceChanged
    | ContactConferenced
    | ContactConnected
    | ContactHeld
    | ContactMoved
    | ContactResumed
    | ContactTransferred
    | ReturnCallOffered
    | ReturnCallPromised
    | SupervisorActed
    | WrapUpStarted
    | CaseOpened
    | CaseClassified
    | CaseStepDone
    | CaseStepUndone
    | CaseClosed
    | CaseReopened
    | CaseHandedOver
    | HandoverAcknowledged
    | HandoverProgressed
    | HandoverReturned
    | CaseMerged
    | CaseParked
    | CaseSplit
    | ContactSetAside
    | FirstContactWithdrawn
    | IncidentLinked
    | IncidentUnlinked
    | ReturnCallTried
    | TimeAdded
    | HandoverAssigned
    | HandoverDelivered
    | HandoverMoved
    | HandoverWithdrawn
    | HandoverPaused
    | HandoverResumed
    | HandoverAnswered
    | DeadlineMissed
    | KnowledgeGapReported
    | KnowledgeGapAnswered
    | AlarmRaised
    | AlarmCleared
)

EVENT_TYPES: dict[str, type[Event]] = {model.event_type: model for model in get_args(STREAM_EVENTS)}
"""Every streamed event by its `ce_type`; the records of whole tables stand in `shared.records`."""
