"""Who waits, what is offered and who holds what: every change is one Redis Function, atomic and fenced by an epoch."""

from collections.abc import Sequence

from shared.publish import Message
from shared.records import OpenContact


class Queues:
    """The routing state of one domain in Redis."""

    async def enqueue(self, contacts: Sequence[OpenContact], routed: Sequence[Message]) -> None:
        """Let `contacts` wait, each with its own `contact.routed`; a contact already known is left as it is.

        `contacts[i]` belongs to `routed[i]`; `state` and `epoch` of the contacts are ignored (the store gives them).
        One pipelined round trip; returns when the events of the batch are in Kafka, so that offsets may be committed.
        Raises a TransientError when Redis or Kafka does not answer, or when the state is being rebuilt.
        """
        raise NotImplementedError

    async def cancel(self, contact_id: str, reason: str, talk_seconds: float | None = None) -> None:
        """Take note that the citizen is gone: a contact that nobody has accepted is abandoned."""
        raise NotImplementedError

    async def purge(self, contact_id: str) -> None:
        """Forget everything known of the contact, ending it first if it is open."""
        raise NotImplementedError
