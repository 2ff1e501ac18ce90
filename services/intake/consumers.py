"""What intake reads from Kafka: the router's decisions about calls and visits, and what becomes of cases."""

from services.intake.usecases.note_cases import WANTED as CASES_WANTED
from services.intake.usecases.note_cases import NoteCases
from services.intake.usecases.note_routing import WANTED, NoteRouting
from shared.asyncapi import Reading, describe
from shared.consume import Inflow
from shared.events import (
    CallConnected,
    CallNotAnswered,
    ContactAnswered,
    ContactBounced,
    ContactEnded,
    ContactFollowedUp,
    ContactGivenBack,
    ContactReceived,
    ContactReread,
    ContactScanned,
)
from shared.settings import ServiceSettings
from shared.topics import CASES, ROUTING


def register(inflow: Inflow, note_routing: NoteRouting, note_cases: NoteCases | None) -> None:
    """Connect each topic with its use case; cases are read where there is an e-service platform to be told of them."""
    inflow.on(ROUTING, note_routing.handle, types=WANTED)
    if note_cases is not None:
        inflow.on(CASES, note_cases.handle, types=CASES_WANTED)


def description(settings: ServiceSettings) -> str:
    """Return the AsyncAPI document: what intake reads and writes."""
    writes = (
        ContactReceived,
        ContactAnswered,
        ContactGivenBack,
        ContactFollowedUp,
        ContactReread,
        ContactEnded,
        ContactBounced,
        ContactScanned,
        CallConnected,
        CallNotAnswered,
    )
    return describe(settings, "intake", [Reading(ROUTING, WANTED), Reading(CASES, CASES_WANTED)], writes)
