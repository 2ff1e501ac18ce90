"""What another rule table does to waiting, per queue and channel, and how far the simulation can be trusted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from services.router.domain.contact import LIVE
from services.router.domain.past import Past, PastContact
from services.router.domain.rehearsal import Change, Changes, Decided, decide
from services.router.domain.rules import Decision, RuleTable
from services.router.domain.simulation import Simulation
from services.router.domain.skills import Terms
from shared.vocabulary import Channel

LIVE_SECONDS = 60.0
"""A caller or visitor should have been answered by then."""
CLOSE = 0.1
"""So far may the share that was answered in time be from what was measured."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How a group of contacts waited; seconds over those that were answered."""

    contacts: int
    answered: int
    median: float | None
    p90: float | None
    in_time: float | None
    """The share answered within 60 s (live), or by its due time (those that have one)."""


@dataclass(frozen=True, slots=True)
class QueueWaits:
    """One queue and channel: as measured, and as simulated with the old and with the new table."""

    queue: str
    channel: Channel
    measured: Waits | None
    before: Waits | None
    after: Waits | None


@dataclass(frozen=True, slots=True)
class Trust:
    """How the simulation of the old table compares with what was, for one channel."""

    channel: Channel
    measured: Waits
    simulated: Waits
    off_seconds: float | None
    """The median difference of one contact's waiting."""

    @property
    def close(self) -> bool:
        """Whether the share answered in time is within ten points of what was measured."""
        if self.measured.in_time is None or self.simulated.in_time is None:
            return False
        return abs(self.measured.in_time - self.simulated.in_time) <= CLOSE


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The whole answer; `missing` says why nothing can be said about waiting (codes in `rehearsal_words`)."""

    since: float
    until: float
    contacts: int
    changed: int
    moved: int
    changes: tuple[Change, ...]
    cut: bool = False
    unread: int = 0
    waiting: tuple[QueueWaits, ...] = ()
    trust: tuple[Trust, ...] = ()
    agents: int = 0
    unknown_agents: int = 0
    """Were ready then, are not among the agents now: left out."""
    guessed_handling: int = 0
    """Contacts whose duration is the median of their like."""
    missing: str = ""
    limits: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Stay:
    """One contact's part of the figures."""

    queue: str
    channel: Channel
    waited: float | None
    due: float | None
    """Seconds from when it could be offered to its due time."""


LIMITS = ("agents_as_then", "profiles_of_today", "as_long_as_it_took", "patience", "one_stay", "after_work")


def rehearse(past: Past, tables: Mapping[str, RuleTable], new: RuleTable, terms: Mapping[str, Terms]) -> Rehearsal:
    """Return what `new` would have made of the past; `terms` are the agents' of today."""
    decided = list(decide(past.contacts, tables, new))
    changes = Changes()
    for one in decided:
        changes.take(one)
    known = [agent for agent in past.ready if agent in terms]
    said = Rehearsal(
        past.since,
        past.until,
        changes.contacts,
        changes.changed,
        changes.moved,
        tuple(changes.listed()),
        past.cut,
        past.unread,
        agents=len(known),
        unknown_agents=len(past.ready) - len(known),
        missing=_missing(past, known),
    )
    return said if said.missing else _with_waiting(said, past, decided, terms)


def _missing(past: Past, agents: Sequence[str]) -> str:
    if not past.contacts:
        return "no_contacts"
    if not past.ready:
        return "no_presence"
    if not agents:
        return "no_known_agents"
    return "" if any(contact.handling is not None for contact in past.contacts) else "no_handling"


def _with_waiting(said: Rehearsal, past: Past, decided: Sequence[Decided], terms: Mapping[str, Terms]) -> Rehearsal:
    handling, guessed = _durations([one.contact for one in decided])
    olds = [(one, one.before) for one in decided]
    news = [(one, one.after) for one in decided]
    before = list(_stays(olds, Simulation(terms).run(olds, handling, past.ready)))
    after = list(_stays(news, Simulation(terms).run(news, handling, past.ready)))
    measured = list(_stays(olds, [one.contact.waited for one in decided]))
    values = {name: getattr(said, name) for name in said.__slots__}
    values |= {"waiting": tuple(_by_queue(measured, before, after)), "trust": tuple(_trust(measured, before))}
    return Rehearsal(**values | {"guessed_handling": guessed, "limits": LIMITS})


def _durations(contacts: Sequence[PastContact]) -> tuple[list[float], int]:
    """Return each contact's own duration, else the median of its channel and case type, channel, or of all."""
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for each in contacts:
        if each.handling is not None:
            for key in _likes(each):
                groups[key].append(each.handling)
    medians = {key: median(found) for key, found in groups.items()}
    found = [
        each.handling if each.handling is not None else next(medians[key] for key in _likes(each) if key in medians)
        for each in contacts
    ]
    return found, sum(each.handling is None for each in contacts)


def _likes(contact: PastContact) -> tuple[tuple[str, ...], ...]:
    channel = contact.facts.channel.value
    return (channel, contact.facts.case_type), (channel,), ()


def _stays(decided: Sequence[tuple[Decided, Decision]], waited: Sequence[float | None]) -> Iterable[_Stay]:
    for (one, decision), seconds in zip(decided, waited, strict=True):
        due = decision.due_at.timestamp() - one.contact.from_ if decision.due_at else None
        yield _Stay(decision.queue, one.contact.facts.channel, seconds, due)


def _by_queue(*runs: Sequence[_Stay]) -> Iterable[QueueWaits]:
    groups: dict[tuple[str, Channel], tuple[list[_Stay], ...]] = {}
    for number, run in enumerate(runs):
        for stay in run:
            groups.setdefault((stay.queue, stay.channel), tuple([] for _ in runs))[number].append(stay)
    for (queue, channel), stays in sorted(groups.items()):
        measured, before, after = (_waits(channel, each) if each else None for each in stays)
        yield QueueWaits(queue, channel, measured, before, after)


def _trust(measured: Sequence[_Stay], simulated: Sequence[_Stay]) -> Iterable[Trust]:
    for channel in Channel:
        pairs = [pair for pair in zip(measured, simulated, strict=True) if pair[0].channel is channel]
        if not pairs:
            continue
        off = [abs(one.waited - other.waited) for one, other in pairs if None not in (one.waited, other.waited)]  # type: ignore[operator] # None is left out
        was, would = (_waits(channel, [pair[place] for pair in pairs]) for place in (0, 1))
        yield Trust(channel, was, would, median(off) if off else None)


def _waits(channel: Channel, stays: Sequence[_Stay]) -> Waits:
    seconds = sorted(stay.waited for stay in stays if stay.waited is not None)
    limits = [(stay.waited, LIVE_SECONDS if channel in LIVE else stay.due) for stay in stays]
    judged = [waited is not None and waited <= limit for waited, limit in limits if limit is not None]
    return Waits(
        len(stays),
        len(seconds),
        median(seconds) if seconds else None,
        _p90(seconds),
        sum(judged) / len(judged) if judged else None,
    )


def _p90(seconds: Sequence[float]) -> float | None:
    if len(seconds) < 2:
        return seconds[0] if seconds else None
    return quantiles(seconds, n=10, method="inclusive")[-1]
