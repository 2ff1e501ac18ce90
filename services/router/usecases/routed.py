"""What is said of a contact that has been routed: the event for everybody, and its state for the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from services.router.domain.matching.matcher import Match
from services.router.domain.rule_steps import AfterWork, Step
from services.router.domain.rules import Decision, Facts
from services.router.usecases.teach import Knowledge
from shared.catalogue import Catalogue
from shared.events import Candidate, ChecklistRef, ContactFollowedUp, ContactReceived, ContactRouted
from shared.records import OpenContact, OverflowStep, WrapUp
from shared.vocabulary import ContactState


@dataclass(frozen=True, slots=True)
class Routing:
    """All that has been decided of one contact."""

    event: ContactReceived
    facts: Facts
    matches: Sequence[Match]
    decision: Decision
    forward_to: str = ""
    not_before: datetime | None = None
    preferred_agent: str | None = None


def candidate(match: Match) -> Candidate:
    """Return a match as events and answers say it."""
    found = match.case_type
    return Candidate(
        case_type=found.id,
        unit=found.unit,
        area=found.area,
        question=found.question,
        confidence=match.confidence,
    )


def checklist_of(routing: Routing, knowledge: Knowledge, catalogue: Catalogue) -> ChecklistRef | None:
    """Return the checklist that a rule names, while it is published; else that of the likeliest case type."""
    named = catalogue.checklist(routing.decision.checklist) if routing.decision.checklist else None
    if named is not None:
        return ChecklistRef(id=named.id, version=named.version)
    return knowledge.checklists.get(routing.facts.case_type)


def routed(
    routing: Routing, checklist: ChecklistRef | None, *, model_version: str, rules_version: str
) -> ContactRouted:
    """Return the event; nothing personal is in it."""
    event, facts, decision = routing.event, routing.facts, routing.decision
    return ContactRouted(
        contact_id=event.contact_id,
        channel=event.channel,
        entrance=event.entrance,
        unit=event.unit,
        language=event.language,
        received_at=event.received_at,
        person_key=event.person_key,
        follows=event.follows if isinstance(event, ContactFollowedUp) else None,
        candidates=tuple(candidate(match) for match in routing.matches),
        checklist=checklist,
        queue=decision.queue,
        skills=decision.skills,
        priority=decision.priority,
        due_at=decision.due_at,
        why=decision.why,
        model_version=model_version,
        rules_version=rules_version,
        kind=facts.kind,
        taken_over=facts.taken_over,
        open_cases=facts.open_cases,
        automatic=event.automatic,
        unreadable=event.unreadable,
        flags=event.flags,
    )


def opening(fact: ContactRouted, routing: Routing) -> OpenContact:
    """Return the contact's state as it begins to wait."""
    decision = routing.decision
    return OpenContact(
        contact_id=fact.contact_id,
        state=ContactState.WAITING,
        epoch=0,
        channel=fact.channel,
        entrance=fact.entrance,
        unit=fact.unit,
        language=fact.language,
        queue=fact.queue,
        skills=fact.skills,
        priority=fact.priority,
        received_at=fact.received_at,
        due_at=fact.due_at,
        follows=fact.follows,
        preferred_agent=routing.preferred_agent,
        candidates=fact.candidates,
        checklist=fact.checklist,
        kind=fact.kind,
        taken_over=fact.taken_over,
        forward_to=routing.forward_to,
        not_before=routing.not_before,
        dwell_seconds=decision.dwell_seconds if routing.preferred_agent else 0.0,
        steps=tuple(map(_overflow, decision.steps)),
        wrap_up=_wrap_up(decision.wrap_up) if decision.wrap_up else None,
        tells_connected=routing.event.tells_connected,
        queue_owner=routing.event.queue_owner,
    )


@lru_cache(maxsize=4096)
def _overflow(step: Step) -> OverflowStep:
    return OverflowStep(
        after_seconds=step.after,
        skills=step.skills,
        reserves=step.reserves,
        queue=step.queue,
        priority=step.priority,
        offer_return_call=step.offer_return_call,
    )


@lru_cache(maxsize=64)
def _wrap_up(after: AfterWork) -> WrapUp:
    return WrapUp(mode=after.mode, seconds=after.seconds)
