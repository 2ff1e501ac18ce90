"""What a telephone exchange (*växel*) tells of its calls, in words that are no product's, and who of us it names.

An exchange that has a queue of its own chooses who answers. A product is one file of `channels` that reads what it
posts into `News`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ELSEWHERE = "elsewhere"
"""Who has answered when it is none of our agents."""
_LEAST = timedelta(milliseconds=1)


class Happened(StrEnum):
    """What has become of a call."""

    RINGS = "rings"
    ANSWERED = "answered"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class News:
    """One thing that an exchange says; `call_id` is its own, `provider` tells whose ids they are."""

    provider: str
    happened: Happened
    call_id: str
    dialled: tuple[str, ...]
    """What the caller reached, best first: the number (E.164, or as it stands), the exchange's queue."""
    caller: str | None = None
    """E.164; None when it is withheld or an extension."""
    internal: bool = False
    """An extension of the exchange is calling."""
    incoming: bool = True
    users: tuple[str, ...] = ()
    """Whom it names, under each of the names that it may have for them: who has answered, when somebody has."""
    answering: str = ""
    """The number or extension that has answered."""
    reason: str = "hung_up"
    """How it ended."""
    forwarded: bool = False
    """It left our queue for another number."""

    @property
    def key(self) -> str:
        """Return the call's name among those of all providers."""
        return f"{self.provider}/{self.call_id}"


@dataclass(frozen=True, slots=True)
class Colleague:
    """An agent and everything that an exchange may call her, in small letters."""

    id: str
    names: frozenset[str]


def colleague(agent_id: str, *called: str) -> Colleague:
    """Return an agent under each of her names."""
    return Colleague(agent_id, frozenset(filter(None, map(_plain, (agent_id, *called)))))


def who_answered(news: News, colleagues: Iterable[Colleague]) -> str:
    """Return the agent that is named, or ELSEWHERE: nobody of ours, or nobody for certain.

    The user counts first, then the number that has answered; a name of two agents names neither.
    """
    known = tuple(colleagues)
    return _one(news.users, known) or _one((news.answering,), known) or ELSEWHERE


def _one(said: Sequence[str], known: Sequence[Colleague]) -> str | None:
    wanted = set(filter(None, map(_plain, said)))
    found = {one.id for one in known if one.names & wanted}
    return found.pop() if len(found) == 1 else None


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def after(now: datetime, last: datetime | None) -> datetime:
    """Return a moment that is later than the last one said of the same call, also by another clock."""
    return now if last is None else max(now, last + _LEAST)
