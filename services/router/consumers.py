"""What the router reads from Kafka."""

from services.router.usecases.complete import Complete
from services.router.usecases.remember_agent import RememberAgent
from services.router.usecases.route_contact import RouteContact
from shared.consume import Inflow
from shared.events import (
    CaseClassified,
    CaseClosed,
    CaseHandedOver,
    ContactEnded,
    ContactFollowedUp,
    ContactPurged,
    ContactReceived,
)
from shared.topics import CASES, CONTACTS


def register(inflow: Inflow, route_contact: RouteContact, complete: Complete, remember_agent: RememberAgent) -> None:
    """Connect the topics with their use cases."""
    arrivals = (ContactReceived, ContactFollowedUp, ContactEnded, ContactPurged)
    inflow.on(CONTACTS, route_contact.handle, types=arrivals)
    inflow.on(CASES, complete.handle, types=(CaseClosed, CaseHandedOver))
    inflow.on(CASES, remember_agent.handle, types=(CaseClassified, CaseClosed, CaseHandedOver), name="agents")
