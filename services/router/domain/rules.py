"""The rule table: ordered rules that say in which queue a contact waits, with what skills, how urgent and until when.

Each rule has a `name`, conditions (`when`) and effects (`then`). All rules that fit are read from the top: the first to
state an effect decides it (first match per effect); skills add up. The last entry is the policy for whatever no rule
has stated (`otherwise`, which must name a queue and a priority). A table is refused whole, with every fault named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import cast

from services.router.domain.rule_steps import AfterWork, Overflow, Ring, Step, opened, steps_of
from services.router.domain.rule_time import Window
from services.router.domain.skills import PROTECTED
from shared.calendar import Duration, WorkingCalendar
from shared.vocabulary import Channel, Priority, TakenOver, WorkKind

SETS = ("channel", "entrance", "unit", "case_type", "case_unit", "language", "kind", "taken_over")
"""Conditions that hold when the contact's value is one of those listed."""
BOOLEANS = ("automatic", "unreadable", "follows")
CONDITIONS = (
    *SETS, *BOOLEANS, "flags", "confidence_at_least", "time", "waiting_at_least", "open_cases_at_least",
)  # fmt: skip
EFFECTS = (
    "queue", "skills", "priority", "due", "rings", "overflow", "dwell", "wrap_up", "checklist", "protected",
)  # fmt: skip
PLACES = ("{unit}", "{case_unit}", "{language}", "{channel}")
ALL_QUEUES = "*"
"""How many wait in all queues together."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may ask about a contact; case type and unit are those of the likeliest candidate."""

    channel: Channel
    entrance: str
    unit: str
    received_at: datetime
    language: str = "sv"
    case_type: str = ""
    case_unit: str = ""
    confidence: float = 0.0
    flags: frozenset[str] = frozenset()
    automatic: bool = False
    unreadable: bool = False
    follows: bool = False
    kind: WorkKind = WorkKind.CONTACT
    taken_over: TakenOver = TakenOver.TAKEN
    open_cases: int = 0
    """Open cases of the same person."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """How many wait in each queue when the contact comes; a queue that is not listed is empty."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row, ready to be asked."""

    name: str
    among: Mapping[str, frozenset[str]] = field(default_factory=dict)
    truths: Mapping[str, bool] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    confidence: float = 0.0
    time: Window | None = None
    waiting: Mapping[str, int] = field(default_factory=dict)
    open_cases: int = 0
    effects: Mapping[str, object] = field(default_factory=dict)
    yields_to: frozenset[str] = frozenset()
    """Names of rules above that it knowingly gives way to."""

    def fits(self, facts: Facts) -> bool:
        """Say whether every condition holds."""
        return (
            all(getattr(facts, name) in values for name, values in self.among.items())
            and all(getattr(facts, name) is value for name, value in self.truths.items())
            and self.flags <= facts.flags
            and self.confidence <= facts.confidence
            and self.open_cases <= facts.open_cases
            and all(_waiting(queue, facts) >= number for queue, number in self.waiting.items())
            and (self.time is None or self.time.holds(facts.received_at))
        )

    def covers(self, later: "Rule") -> bool:
        """Say whether this rule fits whenever the later one does."""
        return (
            all(name in later.among and later.among[name] <= values for name, values in self.among.items())
            and all(later.truths.get(name) is value for name, value in self.truths.items())
            and self.flags <= later.flags
            and self.confidence <= later.confidence
            and self.open_cases <= later.open_cases
            and all(_least(queue, later.waiting) >= number for queue, number in self.waiting.items())
            and (self.time is None or self.time.covers(later.time or Window()))
        )

    def meet(self, other: "Rule") -> "Rule | None":
        """Return a rule that fits whenever both do, without effects; None when no contact fits both."""
        among = {**self.among, **other.among}
        for name in set(self.among) & set(other.among):
            among[name] = self.among[name] & other.among[name]
        time = self.time or other.time
        if self.time is not None and other.time is not None:
            time = self.time.meet(other.time)
            if time is None:
                return None
        if not all(among.values()) or any(
            other.truths.get(name, value) is not value for name, value in self.truths.items()
        ):
            return None
        queues = {*self.waiting, *other.waiting}
        return Rule(
            name=f"{self.name} + {other.name}",
            among=among,
            truths={**self.truths, **other.truths},
            flags=self.flags | other.flags,
            confidence=max(self.confidence, other.confidence),
            time=time,
            waiting={queue: max(self.waiting.get(queue, 0), other.waiting.get(queue, 0)) for queue in queues},
            open_cases=max(self.open_cases, other.open_cases),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a contact waits, what becomes of it while it does, and the names of the rules that said so."""

    queue: str
    priority: Priority
    skills: tuple[str, ...]
    due_at: datetime | None
    why: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    dwell_seconds: float = 0.0
    wrap_up: AfterWork | None = None
    checklist: str | None = None

    def opened(self) -> "Decision":
        """Return the decision with every ring taken at once."""
        skills, steps = opened(self.skills, self.steps)
        return replace(self, skills=skills, steps=steps)

    def asking(self, word: str) -> "Decision":
        """Return the decision with one more skill, asked for at every step."""
        steps = (one if one.skills is None else replace(one, skills=(*one.skills, word)) for one in self.steps)
        return replace(self, skills=(*self.skills, word), steps=tuple(steps), why=(*self.why, f"sign_off:{word}"))


@dataclass(frozen=True, slots=True)
class RuleTable:
    """A published table; `version` stands in every decision's event."""

    version: str
    rules: tuple[Rule, ...]
    otherwise: Mapping[str, object]
    calendar: WorkingCalendar = field(default_factory=WorkingCalendar)

    @property
    def asks_load(self) -> bool:
        """Whether any rule asks how many wait."""
        return any(rule.waiting for rule in self.rules)

    def decide(self, facts: Facts) -> Decision:
        """Return where the contact waits; `otherwise:<effect>` in `why` says that no rule stated that effect."""
        settled: dict[str, object] = {}
        skills: list[str] = []
        why: list[str] = []
        for rule in self.rules:
            if not rule.fits(facts):
                continue
            news = {name: value for name, value in rule.effects.items() if name != "skills" and name not in settled}
            more = [skill for skill in texts_of(rule.effects.get("skills")) if skill not in skills]
            if news or more:
                why.append(rule.name)
            settled |= news
            skills += more
        for name, value in self.otherwise.items():
            if name == "skills" and not skills:
                skills = texts_of(value)
            elif name not in settled and name != "skills":
                settled[name] = value
                why.append(f"otherwise:{name}")
        return self._decision(facts, settled, skills, why)

    def _decision(self, facts: Facts, settled: dict[str, object], named: list[str], why: list[str]) -> Decision:
        fill = partial(filled, facts=facts)
        due, checklist = settled.get("due"), settled.get("checklist")
        kept = [PROTECTED] if settled.get("protected") else []
        skills = tuple(dict.fromkeys([*map(fill, named), *kept]))
        rings = cast("tuple[Ring, ...]", settled.get("rings", ()))
        overflow = cast("tuple[Overflow, ...]", settled.get("overflow", ()))
        return Decision(
            queue=fill(str(settled["queue"])),
            priority=Priority(str(settled["priority"])),
            skills=skills,
            due_at=self.calendar.add(facts.received_at, due) if isinstance(due, Duration) else None,
            why=tuple(why),
            steps=steps_of(rings, overflow, skills, fill) if rings or overflow else (),
            dwell_seconds=cast("float", settled.get("dwell", 0.0)),
            wrap_up=cast("AfterWork | None", settled.get("wrap_up")),
            checklist=str(checklist) if checklist else None,
        )


def texts_of(value: object) -> list[str]:
    """Return the texts of a list, or none of anything else."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def filled(text: str, facts: Facts) -> str:
    """Return a text with its places filled from the contact."""
    if "{" not in text:
        return text
    case_unit = facts.case_unit or facts.unit
    values = (facts.unit, case_unit, facts.language, facts.channel.value)
    for place, value in zip(PLACES, values, strict=True):
        text = text.replace(place, value)
    return text


def _waiting(queue: str, facts: Facts) -> int:
    return sum(facts.waiting.values()) if queue == ALL_QUEUES else facts.waiting.get(filled(queue, facts), 0)


def _least(queue: str, known: Mapping[str, int]) -> int:
    """Return how many wait at least, by what is known: all queues hold no fewer than any one."""
    return max(known.values(), default=0) if queue == ALL_QUEUES else known.get(queue, 0)
