"""What the router reads from Kafka."""

from services.router.usecases.complete import Complete
from services.router.usecases.remember_agent import RememberAgent
from services.router.usecases.route_contact import RouteContact
from shared.asyncapi import Reading, describe
from shared.consume import Inflow
from shared.events import (
    CaseClassified,
    CaseClosed,
    CaseHandedOver,
    ContactAbandoned,
    ContactCompleted,
    ContactEnded,
    ContactFollowedUp,
    ContactPurged,
    ContactQueued,
    ContactReceived,
    ContactRequeued,
    ContactRouted,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    PresenceChanged,
)
from shared.settings import ServiceSettings
from shared.topics import CASES, CONTACTS

ARRIVALS = (ContactReceived, ContactFollowedUp, ContactEnded, ContactPurged)
ENDINGS = (CaseClosed, CaseHandedOver)
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
)


def register(inflow: Inflow, route_contact: RouteContact, complete: Complete, remember_agent: RememberAgent) -> None:
    """Connect the topics with their use cases."""
    inflow.on(CONTACTS, route_contact.handle, types=ARRIVALS)
    inflow.on(CASES, complete.handle, types=ENDINGS)
    inflow.on(CASES, remember_agent.handle, types=(CaseClassified, *ENDINGS), name="agents")


def description(settings: ServiceSettings) -> str:
    """Return the AsyncAPI document: what the router reads and writes."""
    reads = (
        Reading(CONTACTS, ARRIVALS),
        Reading(CASES, ENDINGS),
        Reading(CASES, (CaseClassified, *ENDINGS), name="agents"),
    )
    return describe(settings, "router", reads, WRITES)
