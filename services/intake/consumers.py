"""What intake reads from Kafka: the router's decisions about calls and visits."""

from services.intake.usecases.note_routing import WANTED, NoteRouting
from shared.consume import Inflow
from shared.topics import ROUTING


def register(inflow: Inflow, note_routing: NoteRouting) -> None:
    """Connect the topic with its use case."""
    inflow.on(ROUTING, note_routing.handle, types=WANTED)
