"""How long a contact can wait at most, in terms of the load before it and the agents who can take it.

A contact is late when its turn and its class's grace have passed. Each agent counts the choices that a late contact
would lose, and gives every SHARE-th of them to the longest late one that she can take. So of any SHARE choices that one
agent makes while a late contact waits for her, at least one takes it or one that was late before it, whatever else
comes in. What follows from that is here; docs/routing.md derives it, tests/unit/router/test_bound.py simulates it.
"""

from math import ceil

from services.router.domain.order import SHARE


def choices_before(late_ahead: int, agents: int = 1) -> int:
    """Return how many choices the agents who can take a late contact make at most, the one that takes it included.

    `late_ahead` contacts were late before it. Each agent may be in the middle of a count: hence the second part.
    """
    return SHARE * late_ahead + (SHARE - 1) * agents + 1


def bound_seconds(late_ahead: int, agents: int, seconds: float) -> float:
    """Return how long after it became late a contact is chosen at the latest.

    `agents` are ready and can take it, each with room for it again within `seconds` of her last choice. With the
    longest such time this holds always; with the mean it is what to expect. No agent: infinite.
    """
    return SHARE * seconds * ceil((late_ahead + 1) / agents) if agents > 0 else float("inf")


def stays_short(late_per_second: float, agents: int, seconds: float) -> bool:
    """Say whether the late ones ahead stay few: what becomes late is no more than the share of the agents' choices.

    Everything else may be as much as it will: urgent contacts without end change nothing of it.
    """
    return late_per_second * seconds <= agents / SHARE
