"""Who holds a contact hands it on: asks a colleague, gives it to her, brings in an officer, promises to call back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.store.look import Look
from services.router.store.queues import NoLongerYoursError, Queues
from services.router.usecases.terms import AgentOf, working_agent
from shared.errors import DomainError
from shared.records import OpenContact, OverflowStep
from shared.vocabulary import Channel, ContactState, Priority, WorkKind

ASK_SECONDS = 30.0
"""How long a colleague has to answer; then the question is withdrawn."""
_HELD = {ContactState.CONNECTING, ContactState.ASSIGNED}


class NobodyElseError(DomainError):
    """A colleague is somebody else."""

    type = "not-a-colleague"
    title = "Välj en kollega, inte dig själv."
    status = 422


class PastError(DomainError):
    """A return call lies in the future."""

    type = "time-is-past"
    title = "Tiden har redan varit."
    status = 422


@dataclass(frozen=True, slots=True)
class HandOn:
    """`agent_id` is None when a machine speaks for whoever holds the contact."""

    queues: Queues
    look: Look
    agent_of: AgentOf
    now: Callable[[], datetime]

    async def consult(self, contact_id: str, epoch: int, to_agent: str, agent_id: str | None = None) -> str:
        """Ask a colleague about a contact: she is offered a question of her own; return its id."""
        colleague = working_agent(self.agent_of, to_agent)
        held = await self.look.held(contact_id)
        if held is None or held.state not in _HELD or held.epoch != epoch or agent_id not in {None, held.agent_id}:
            raise NoLongerYoursError
        if colleague.id == held.agent_id:
            raise NobodyElseError
        question = f"{contact_id}~{epoch}~{colleague.id}"
        asked_at = await self.look.time()
        await self.queues.enqueue([_question(question, contact_id, colleague.id, held.body, asked_at)], [None])
        return question

    async def transfer(
        self, contact_id: str, epoch: int, consult_id: str, agent_id: str | None = None
    ) -> tuple[str, int]:
        """Give the contact to the colleague who has accepted the question (a warm transfer)."""
        return await self.queues.transfer(contact_id, epoch, consult_id, agent_id)

    async def conference(self, contact_id: str, epoch: int, officer_id: str, agent_id: str | None = None) -> None:
        """Ask for an officer to be brought into the call."""
        await self.queues.conference(contact_id, epoch, officer_id, agent_id)

    async def return_call(
        self, contact_id: str, at: datetime | None, epoch: int | None, agent_id: str | None, command_id: str
    ) -> None:
        """Call back at a time, or when it is her turn; without an epoch the citizen herself has asked for it."""
        if at is not None and at <= self.now():
            raise PastError
        await self.queues.return_call(contact_id, at=at, epoch=epoch, agent_id=agent_id, command_id=command_id)

    async def wrap_end(self, contact_id: str, agent_id: str | None = None) -> None:
        """End after-work before its time."""
        await self.queues.wrap_end(contact_id, agent_id)

    def modes(self, agent_id: str) -> list[str]:
        """Return the names of the agent's work modes."""
        return [mode.name for mode in working_agent(self.agent_of, agent_id).modes]


def _question(question: str, contact_id: str, colleague: str, about: dict[str, Any], asked_at: datetime) -> OpenContact:
    return OpenContact(
        contact_id=question,
        state=ContactState.WAITING,
        epoch=0,
        channel=Channel(about["channel"]),
        entrance=about["entrance"],
        unit=about["unit"],
        queue=about["unit"],
        priority=Priority.URGENT,
        received_at=asked_at,
        preferred_agent=colleague,
        candidates=about.get("candidates", ()),
        checklist=about.get("checklist"),
        kind=WorkKind.CONSULT,
        steps=(OverflowStep(after_seconds=ASK_SECONDS, give_up=True),),
        about=contact_id,
    )
