"""The life of a contact in the router, and of one offer of it: every move that is allowed stands in a table.

The Redis Functions (`store/functions`) make the moves; the tests hold them against these tables.
"""

from collections.abc import Mapping
from enum import StrEnum

from shared.vocabulary import LIVE_CHANNELS, Channel, ContactState

WAITING, OFFERED, CONNECTING, ASSIGNED, WRAPPING, COMPLETED, ABANDONED = (
    ContactState.WAITING,
    ContactState.OFFERED,
    ContactState.CONNECTING,
    ContactState.ASSIGNED,
    ContactState.WRAPPING,
    ContactState.COMPLETED,
    ContactState.ABANDONED,
)

MOVES: Mapping[ContactState, frozenset[ContactState]] = {
    WAITING: frozenset({OFFERED, ASSIGNED, COMPLETED, ABANDONED}),
    OFFERED: frozenset({WAITING, CONNECTING, ASSIGNED, COMPLETED, ABANDONED}),
    CONNECTING: frozenset({ASSIGNED, WAITING, WRAPPING, COMPLETED}),
    ASSIGNED: frozenset({ASSIGNED, WAITING, WRAPPING, COMPLETED}),
    WRAPPING: frozenset({COMPLETED}),
    COMPLETED: frozenset(),
    ABANDONED: frozenset(),
}
"""From each state, the states it may become. Completed from waiting: its case was ended without anybody pulling it.
Assigned from waiting: it was answered outside, as an exchange chose. Assigned from assigned: a warm transfer.
Wrapping: the contact is over, its agent has after-work to do."""


class OfferState(StrEnum):
    """What became of one offer of one contact to one agent."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OFFER_MOVES: Mapping[OfferState, frozenset[OfferState]] = {
    OfferState.PENDING: frozenset({OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED, OfferState.WITHDRAWN}),
    OfferState.ACCEPTED: frozenset(),
    OfferState.DECLINED: frozenset(),
    OfferState.EXPIRED: frozenset(),
    OfferState.WITHDRAWN: frozenset(),
}
"""An offer is answered once: expired is silence, withdrawn is a citizen who left or an agent who is away."""

HELD = frozenset({CONNECTING, ASSIGNED})
"""States in which an agent has the contact."""
OPEN = frozenset({WAITING, OFFERED, CONNECTING, ASSIGNED})
"""States that are not at the end."""
OCCUPYING = frozenset({OFFERED, CONNECTING, ASSIGNED, WRAPPING})
"""States in which a contact takes of its agent's capacity."""

CAPACITY = 100
"""Units that an agent has unless her profile says otherwise."""
COST: Mapping[Channel, int] = {
    Channel.PHONE: 100,
    Channel.VISIT: 100,
    Channel.EMAIL: 30,
    Channel.E_SERVICE: 30,
}
"""Units that a contact takes of its agent, from the offer to the end."""
LIVE = LIVE_CHANNELS
"""These stay with their agent when she falls silent: a citizen is talking to her."""
INTERRUPTS: Mapping[Channel, frozenset[Channel]] = {
    Channel.PHONE: frozenset({Channel.EMAIL, Channel.E_SERVICE}),
    Channel.VISIT: frozenset({Channel.EMAIL, Channel.E_SERVICE}),
}
"""What a contact may interrupt: that is held meanwhile, keeps its capacity, and is resumed when the live one ends.
A live contact is never interrupted."""
LONGEST_WRAP_UP_SECONDS = 900
"""After-work that the agent ends herself ends by itself after this (Genesys' cap)."""

EPOCHS = 2**22
"""Epochs of one generation. An epoch is `generation * EPOCHS + n`, below 2**53, so that every JSON reader keeps it."""
_GENERATIONS_FROM = 1_577_836_800
"""Generations are seconds since 2020: later ones are greater, even when nothing is left to count from."""


def next_generation(now_seconds: float, *known: int) -> int:
    """Return a generation greater than every `known` one."""
    return max(int(now_seconds) - _GENERATIONS_FROM, *(number + 1 for number in known), 1)


def generation_of(epoch: int) -> int:
    """Return the generation that an epoch was given in."""
    return epoch // EPOCHS


def offer_id(contact_id: str, epoch: int) -> str:
    """Return the id of the offer that was made at `epoch`."""
    return f"{contact_id}.{epoch}"


def contact_of(offer: str) -> str:
    """Return the contact id of an offer id."""
    return offer.rpartition(".")[0]
