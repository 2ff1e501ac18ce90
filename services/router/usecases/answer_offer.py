"""An agent answers an offer, or gives back what she has taken; each is refused when it has moved on."""

from dataclasses import dataclass

from services.router.domain.contact import offer_id as offer_id_of
from services.router.store.queues import Destination, NoLongerYoursError, Queues


@dataclass(frozen=True, slots=True)
class AnswerOffer:
    """Accept, decline and requeue; `agent_id` is None when a machine answers for whoever holds the offer."""

    queues: Queues

    async def accept(self, offer_id: str, epoch: int, agent_id: str | None = None) -> tuple[str, int]:
        """Take the contact; return its id and the epoch that she holds it by."""
        _same_offer(offer_id, epoch)
        return await self.queues.accept(offer_id, epoch, agent_id)

    async def decline(self, offer_id: str, epoch: int, reason: str, agent_id: str | None = None) -> None:
        """Let somebody else have it, at its old place."""
        _same_offer(offer_id, epoch)
        await self.queues.decline(offer_id, epoch, reason, agent_id)

    async def requeue(
        self, contact_id: str, epoch: int, to: Destination, *, reason: str, agent_id: str | None = None
    ) -> None:
        """Let an accepted contact wait again: in a queue, first for a colleague (a cold transfer), or until a time."""
        await self.queues.requeue(contact_id, epoch, to, reason=reason, agent_id=agent_id)

    async def connected(self, contact_id: str, epoch: int) -> None:
        """The call of an accepted contact is through."""
        await self.queues.connected(contact_id, epoch)


def _same_offer(offer_id: str, epoch: int) -> None:
    """Refuse an offer id that was made at another epoch than the one that is said."""
    if offer_id != offer_id_of(offer_id.rpartition(".")[0], epoch):
        raise NoLongerYoursError
