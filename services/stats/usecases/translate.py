"""Events become facts: which attributes of each kind are kept, and under which name."""

from collections.abc import Callable
from typing import Any

from services.stats.domain.contact import BACKLOG
from services.stats.domain.fact import Fact
from shared import events
from shared.consume import Received

SURE = 0.5
"""A suggestion that is wrong more often than right (nobody has heard the caller yet) is no case type."""

QUIET = "quiet"
"""The flag of old mail that is taken in when a mailbox becomes ours."""

Reader = Callable[[Any], dict[str, Any]]


def _keeps(*names: str, **renamed: str) -> Reader:
    """Return a reader of the attributes `names`, and of `renamed` (fact's name = event's name); None is left out."""
    pairs = [(name, name) for name in names] + list(renamed.items())

    def read(event: Any) -> dict[str, Any]:
        return {mine: value for mine, theirs in pairs if (value := getattr(event, theirs)) is not None}

    return read


def _routed(event: events.ContactRouted) -> dict[str, Any]:
    sure = [one.case_type for one in event.candidates[:1] if one.confidence >= SURE]
    old = {"detail": BACKLOG} if QUIET in event.flags else {}
    return _ROUTED(event) | {"case_type": sure[0] if sure else ""} | old


_FIRST = ("contact_id", "channel", "entrance", "unit", "queue", "skills", "person_key", "taken_over")
_ROUTED = _keeps(*_FIRST, at="received_at")
_END = ("contact_id", "case_id", "channel", "unit", "case_type", "epoch", "at", "taken_over")
_ENDED = {"agent_id": "by", "seconds": "handling_seconds", "allowed": "checklist_allows"}
_FIRST_CONTACT = ("first_contact", "first_contact_wide")
_ACCEPTED = ("contact_id", "agent_id", "channel", "queue", "epoch", "at", "connecting")
_HELD = ("contact_id", "agent_id", "epoch", "at")
_HANDOVER = ("case_id", "handover_id", "at")

ROUTING_FACTS: dict[type[events.Event], Reader] = {
    events.ContactRouted: _routed,
    events.ContactQueued: _keeps("contact_id", "queue", "channel", "epoch", "at"),
    events.OfferMade: _keeps("contact_id", "agent_id", "queue", "epoch", "at"),
    events.OfferAccepted: _keeps(*_ACCEPTED, seconds="waited_seconds"),
    events.OfferDeclined: _keeps("contact_id", "agent_id", "epoch", "at", detail="reason"),
    events.OfferExpired: _keeps("contact_id", "agent_id", "epoch", "at"),
    events.ContactRequeued: _keeps("contact_id", "agent_id", "queue", "epoch", "at", detail="reason"),
    events.ContactConnected: _keeps(*_HELD, seconds="waited_seconds"),
    events.ContactLeft: _keeps(*_HELD, "abandoned", "short", seconds="waited_seconds"),
    events.ContactMoved: _keeps("contact_id", "queue", "epoch", "at", detail="reason"),
    events.ContactHeld: _keeps(*_HELD),
    events.ContactResumed: _keeps(*_HELD, seconds="held_seconds"),
    events.ContactTransferred: _keeps(*_HELD, detail="from_agent"),
    events.ContactConferenced: _keeps(*_HELD, detail="officer_id"),
    events.ReturnCallOffered: _keeps("contact_id", "queue", "epoch", "at"),
    events.ReturnCallPromised: _keeps("contact_id", "queue", "epoch", "at"),
    events.WrapUpStarted: _keeps(*_HELD, detail="mode"),
    events.SupervisorActed: _keeps("contact_id", "queue", "at", agent_id="by", detail="act"),
    events.ContactCompleted: _keeps("contact_id", "agent_id", "channel", "epoch", "at", seconds="talk_seconds"),
    events.ContactAbandoned: _keeps("contact_id", "channel", "queue", "epoch", "at", "short", seconds="waited_seconds"),
    events.PresenceChanged: _keeps("agent_id", "capacity", "used", "at", detail="presence"),
}
CASE_FACTS: dict[type[events.Event], Reader] = {
    events.CaseOpened: _keeps("contact_id", "case_id", "channel", "entrance", "unit", at="opened_at"),
    events.CaseClassified: _keeps("contact_id", "case_id", "case_type", "unit", "at", agent_id="by", detail="how"),
    events.CaseClosed: _keeps(*_END, *_FIRST_CONTACT, "cause", detail="resolution", **_ENDED),
    events.CaseReopened: _keeps("contact_id", "case_id", "at", agent_id="by"),
    events.CaseHandedOver: _keeps(*_END, "handover_id", detail="to", **_ENDED),
    events.HandoverAcknowledged: _keeps(*_HANDOVER),
    events.HandoverProgressed: _keeps(*_HANDOVER),
    events.HandoverReturned: _keeps(*_HANDOVER, detail="reason"),
    events.HandoverAnswered: _keeps(*_HANDOVER),
    events.DeadlineMissed: _keeps("case_id", "at", detail="kind"),
    events.KnowledgeGapReported: _keeps("case_id", "at"),
    events.KnowledgeGapAnswered: _keeps("case_id", "at", agent_id="by", detail="state"),
    events.CaseParked: _keeps("contact_id", "case_id", "at", agent_id="by"),
    events.CaseMerged: _keeps("contact_id", "case_id", "at", agent_id="by", detail="into"),
    events.CaseSplit: _keeps("case_id", "at", agent_id="by", detail="origin"),
    events.ContactSetAside: _keeps("contact_id", "case_id", "at", detail="why"),
    events.FirstContactWithdrawn: _keeps("contact_id", "case_id", "channel", "unit", "case_type", "at", detail="why"),
    events.TimeAdded: _keeps("contact_id", "case_id", "channel", "unit", "case_type", "seconds", "at", detail="kind"),
    events.ReturnCallTried: _keeps("contact_id", "case_id", "at", agent_id="by"),
    events.IncidentLinked: _keeps("contact_id", "case_id", "at", agent_id="by", detail="incident_id"),
    events.IncidentUnlinked: _keeps("contact_id", "case_id", "at", agent_id="by", detail="incident_id"),
    events.HandoverDelivered: _keeps(*_HANDOVER),
    events.HandoverAssigned: _keeps(*_HANDOVER),
    events.HandoverPaused: _keeps(*_HANDOVER),
    events.HandoverResumed: _keeps(*_HANDOVER),
    events.HandoverMoved: _keeps(*_HANDOVER),
    events.HandoverWithdrawn: _keeps(*_HANDOVER),
}
_READERS = ROUTING_FACTS | CASE_FACTS


def fact_of(record: Received[Any]) -> Fact:
    """Return the fact that a record tells; its type is that of the event without version."""
    kept = _READERS[type(record.event)](record.event)
    return Fact(id=record.id, type=record.type.rpartition(".v")[0], time=record.time, **kept)
