"""What the router reads from Kafka."""

from services.router.usecases.complete import Complete
from services.router.usecases.remember_agent import WANTED, RememberAgent
from services.router.usecases.route_contact import RouteContact
from shared.asyncapi import Reading, describe
from shared.consume import Inflow
from shared.events import (
    CallConnected,
    CallNotAnswered,
    CaseClosed,
    CaseHandedOver,
    CaseMerged,
    CaseParked,
    ContactAbandoned,
    ContactAnswered,
    ContactCompleted,
    ContactConferenced,
    ContactConnected,
    ContactEnded,
    ContactFollowedUp,
    ContactGivenBack,
    ContactHeld,
    ContactLeft,
    ContactMoved,
    ContactPurged,
    ContactQueued,
    ContactReceived,
    ContactRequeued,
    ContactResumed,
    ContactRouted,
    ContactSetAside,
    ContactTransferred,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    PresenceChanged,
    ReturnCallOffered,
    ReturnCallPromised,
    SupervisorActed,
    WrapUpStarted,
)
from shared.settings import ServiceSettings
from shared.topics import CASES, CONTACTS

ARRIVALS = (
    ContactReceived,
    ContactFollowedUp,
    CallConnected,
    CallNotAnswered,
    ContactAnswered,
    ContactGivenBack,
    ContactEnded,
    ContactPurged,
)
ENDINGS = (CaseClosed, CaseHandedOver, CaseParked, CaseMerged, ContactSetAside)
WRITES = (
    ContactRouted,
    ContactQueued,
    OfferMade,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    ContactRequeued,
    ContactCompleted,
    ContactAbandoned,
    PresenceChanged,
    ContactConferenced,
    ContactConnected,
    ContactHeld,
    ContactLeft,
    ContactMoved,
    ContactResumed,
    ContactTransferred,
    ReturnCallOffered,
    ReturnCallPromised,
    SupervisorActed,
    WrapUpStarted,
)


def register(inflow: Inflow, route_contact: RouteContact, complete: Complete, remember_agent: RememberAgent) -> None:
    """Connect the topics with their use cases."""
    inflow.on(CONTACTS, route_contact.handle, types=ARRIVALS)
    inflow.on(CASES, complete.handle, types=ENDINGS)
    inflow.on(CASES, remember_agent.handle, types=WANTED, name="agents")


def description(settings: ServiceSettings) -> str:
    """Return the AsyncAPI document: what the router reads and writes."""
    reads = (
        Reading(CONTACTS, ARRIVALS),
        Reading(CASES, ENDINGS),
        Reading(CASES, WANTED, name="agents"),
    )
    return describe(settings, "router", reads, WRITES)
