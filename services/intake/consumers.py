"""What intake reads from Kafka: the router's decisions about calls and visits."""

from services.intake.usecases.note_routing import WANTED, NoteRouting
from shared.asyncapi import Reading, describe
from shared.consume import Inflow
from shared.events import (
    ContactBounced,
    ContactEnded,
    ContactFollowedUp,
    ContactReceived,
    ContactReread,
    ContactScanned,
)
from shared.settings import ServiceSettings
from shared.topics import ROUTING


def register(inflow: Inflow, note_routing: NoteRouting) -> None:
    """Connect the topic with its use case."""
    inflow.on(ROUTING, note_routing.handle, types=WANTED)


def description(settings: ServiceSettings) -> str:
    """Return the AsyncAPI document: what intake reads and writes."""
    writes = (ContactReceived, ContactFollowedUp, ContactReread, ContactEnded, ContactBounced, ContactScanned)
    return describe(settings, "intake", [Reading(ROUTING, WANTED)], writes)
