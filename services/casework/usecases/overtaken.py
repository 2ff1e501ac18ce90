"""Two officers at one hand-over: who would write over what the other has just said is told of it first."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from services.casework.domain.case import Case
from services.casework.domain.handover import HandoverDeed, clock_time
from services.casework.store.unit_of_work import Work
from shared.errors import DomainError
from shared.web.access import Person


class OvertakenError(DomainError):
    """Somebody else has changed the hand-over since the doer looked; the detail says who did what, and when."""

    type = "handover-overtaken"
    status = 409
    title = "Någon annan har ändrat överlämningen medan du skrev. Läs hur det är nu, och spara igen."


_DONE: Mapping[str, str] = MappingProxyType(
    {
        HandoverDeed.ACKNOWLEDGE: "{who} tog emot den kl. {when}.",
        HandoverDeed.PROGRESS: "{who} skrev läget kl. {when}.",
        HandoverDeed.ASSIGN: "{who} gav den till {officer} kl. {when}.",
        HandoverDeed.REASSIGN: "{who} gav den vidare kl. {when}.",
        HandoverDeed.ASK_CITIZEN: "{who} bad om komplettering kl. {when}.",
        HandoverDeed.RESUME: "{who} lät klockan gå igen kl. {when}.",
        HandoverDeed.MOVE_ANSWER: "{who} flyttade svarsdatumet kl. {when}.",
    }
)
TEXTS = tuple(_DONE.values())
"""What a deed of somebody else is called, for the test of the translations."""


async def not_overtaken(work: Work, case: Case, person: Person, seen: int | None, now: datetime) -> None:
    """Refuse (OvertakenError) when somebody else has done something since `seen`, the last deed that was shown.

    None is a form or program that does not say what it has seen; one's own deeds are no news to oneself.
    """
    if seen is None:
        return
    row = await work.history.last_of(case.id, frozenset(_DONE), since=seen, but_by=person.id)
    if row is not None:
        said = {"who": row["by_name"] or row["by"], "officer": row["facts"].get("officer", "")}
        raise OvertakenError(_DONE[row["what"]], when=clock_time(row["at"], now), **said)
