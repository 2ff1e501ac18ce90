"""Kafka in: facts of `routing` and `cases`."""

from services.stats.usecases.fold import Fold
from services.stats.usecases.translate import CASE_FACTS, ROUTING_FACTS
from shared.consume import Inflow
from shared.topics import CASES, ROUTING


def register(inflow: Inflow, fold: Fold) -> None:
    """Fold both topics, each in a group of its own."""
    inflow.on(ROUTING, fold.handle, types=tuple(ROUTING_FACTS), batch=1000)
    inflow.on(CASES, fold.handle, types=tuple(CASE_FACTS), batch=1000)
