"""Why a contact waits, from the store's code to the parts that a sentence is made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.web.names import Names
from shared.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class Because:
    """One reason: its kind, and whichever of the parts that kind has."""

    kind: str
    channel: Channel | None = None
    skills: tuple[tuple[str, int], ...] = ()
    agent: str = ""
    ring: int = 0
    at: datetime | None = None


def because(code: str | None, names: Names, language: str, now: datetime) -> Because | None:
    """Return the parts of a code; one that is not known is its own kind."""
    if not code:
        return None
    kind, _, rest = code.partition(":")
    match kind:
        case "no_ready_agent_can_take":
            channel, _, words = rest.partition(",")
            return Because(kind, channel=Channel(channel), skills=tuple(names.skills(words, language)))
        case "outside_hours" | "return_call_at" | "queue_closed":
            return Because(kind, at=datetime.fromisoformat(rest) if rest else None)
        case "kept_for_agent":
            agent, _, seconds = rest.rpartition(":")
            return Because(kind, agent=names.agent(agent), at=now + timedelta(seconds=float(seconds)))
        case "ring":
            number, _, seconds = rest.partition(":")
            return Because(kind, ring=int(number), at=now + timedelta(seconds=float(seconds)))
        case _:
            return Because(code if kind == "peak" else kind)
