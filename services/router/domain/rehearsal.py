"""What another rule table would have decided of past contacts: who would have gone elsewhere."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush

from services.router.domain.past import PastContact
from services.router.domain.rule_steps import Step
from services.router.domain.rules import Decision, RuleTable

EXAMPLES = 10
"""Contact ids that are named of each kind of change."""
_CLOSED = "closed:"


@dataclass(slots=True)
class Change:
    """How many contacts would have had `after` instead of `before`, and some of them."""

    what: str
    """`queue`, `priority`, `skills`, `due`, or `steps` (rings, overflow, dwell and after-work)."""
    before: str
    after: str
    contacts: int = 0
    examples: list[str] = field(default_factory=list)

    def take(self, contact_id: str) -> None:
        """Count one in."""
        self.contacts += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(contact_id)


@dataclass(frozen=True, slots=True)
class Decided:
    """A past contact with what the tables decide of it."""

    contact: PastContact
    before: Decision
    after: Decision


@dataclass(slots=True)
class Changes:
    """All that differs; `changed` contacts differ in something."""

    contacts: int = 0
    changed: int = 0
    moved: int = 0
    kinds: dict[tuple[str, str, str], Change] = field(default_factory=dict)

    def listed(self) -> list[Change]:
        """Return the kinds of change: queues first, then priorities …; the most frequent first."""
        order = list(_PARTS)
        return sorted(self.kinds.values(), key=lambda each: (order.index(each.what), -each.contacts, each.before))

    def take(self, decided: Decided) -> None:
        """Count one contact in."""
        self.contacts += 1
        found = [
            (what, before, after)
            for what, say in _PARTS.items()
            if (before := say(decided.before)) != (after := say(decided.after))
        ]
        self.changed += bool(found)
        for key in found:
            self.moved += key[0] == "queue"
            self.kinds.setdefault(self._kind(key), Change(*self._kind(key))).take(decided.contact.id)

    def _kind(self, key: tuple[str, str, str]) -> tuple[str, str, str]:
        """Return how a change is grouped: a due time moves for each contact by something else."""
        if key[0] != "due":
            return key
        before, after = key[1:]
        if before and after:
            return ("due", "", "later" if after > before else "earlier")
        return ("due", "some" if before else "none", "some" if after else "none")


def decide(contacts: Sequence[PastContact], tables: Mapping[str, RuleTable], new: RuleTable) -> Iterator[Decided]:
    """Yield each contact (by arrival) with the old and the new table's decision.

    The old one is what was decided, with what only its table (`tables`, by version) can tell: rings, dwell, and all of
    it where that asked how many waited, which is known only roughly: then both tables are asked with the same numbers.
    """
    asks = new.asks_load or any(table.asks_load for table in tables.values())
    crowd = _Crowd()
    for contact in contacts:
        known = replace(contact, facts=replace(contact.facts, waiting=crowd.now(contact))) if asks else contact
        after = new.decide(known.facts)
        before = _before(known, tables.get(known.version), after)
        if asks:
            crowd.take(contact)
        yield Decided(known, before, after)


def _before(contact: PastContact, table: RuleTable | None, after: Decision) -> Decision:
    """Return what the old table decided, without what a closed queue or a peak had made of it.

    Of a table that is not known any more nothing is said about rings: they are taken to be the new one's.
    """
    found = contact.decision
    closed = next((why.removeprefix(_CLOSED) for why in found.why if why.startswith(_CLOSED)), found.queue)
    if table is None:
        return replace(after, queue=closed, priority=found.priority, skills=found.skills, due_at=found.due_at)
    again = table.decide(contact.facts)
    if table.asks_load:
        return again
    skills = again.skills if "peak:rings_open" in found.why else found.skills
    return replace(again, queue=closed, priority=found.priority, skills=skills, due_at=found.due_at)


@dataclass(slots=True)
class _Crowd:
    """How many waited in each queue when a contact came, by what was measured."""

    counts: Counter[str] = field(default_factory=Counter)
    ends: list[tuple[float, str]] = field(default_factory=list)

    def now(self, contact: PastContact) -> Mapping[str, int]:
        moment = contact.facts.received_at.timestamp()
        while self.ends and self.ends[0][0] <= moment:
            self.counts[heappop(self.ends)[1]] -= 1
        return {queue: number for queue, number in self.counts.items() if number}

    def take(self, contact: PastContact) -> None:
        stayed = contact.left if contact.waited is None else contact.waited
        self.counts[contact.decision.queue] += 1
        if stayed is not None:
            heappush(self.ends, (contact.from_ + stayed, contact.decision.queue))


def _skills(decision: Decision) -> str:
    return ", ".join(sorted(decision.skills))


def _due(decision: Decision) -> str:
    return _moment(decision.due_at) if decision.due_at else ""


def _moment(moment: datetime) -> str:
    return f"{moment.timestamp():013.0f}"


def _steps(decision: Decision) -> str:
    words = [_step(step) for step in decision.steps]
    words += [f"kept {decision.dwell_seconds:g} s"] if decision.dwell_seconds else []
    after = decision.wrap_up
    words += [f"after-work {after.mode} {after.seconds:g} s"] if after else []
    return "; ".join(words)


def _step(step: Step) -> str:
    said = [] if step.skills is None else [f"skills {', '.join(sorted(step.skills)) or '-'}"]
    said += ["reserves"] if step.reserves else []
    said += [f"queue {step.queue}"] if step.queue else []
    said += [f"priority {step.priority}"] if step.priority else []
    said += ["return call"] if step.offer_return_call else []
    return f"after {step.after:g} s: {', '.join(said)}"


_PARTS: Mapping[str, Callable[[Decision], str]] = {
    "queue": lambda decision: decision.queue,
    "priority": lambda decision: decision.priority.value,
    "skills": _skills,
    "due": _due,
    "steps": _steps,
}
