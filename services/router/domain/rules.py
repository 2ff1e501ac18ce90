"""The rule table: ordered rules that say in which queue a contact waits, with what skills, how urgent and until when.

Each rule has a `name`, conditions (`when`) and effects (`then`). All rules that fit are read from the top: the first to
state a queue, a priority or a due time decides it; skills add up. The last entry is the policy for whatever no rule has
stated (`otherwise`, which must name a queue and a priority). A table is refused whole, with every error named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.calendar import Duration, WorkingCalendar
from shared.vocabulary import Channel, Priority

SETS = ("channel", "entrance", "unit", "case_type", "case_unit", "language")
"""Conditions that hold when the contact's value is one of those listed."""
BOOLEANS = ("automatic", "unreadable", "follows")
EFFECTS = ("queue", "skills", "priority", "due")
PLACES = ("{unit}", "{case_unit}", "{language}", "{channel}")


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


@dataclass(frozen=True, slots=True)
class Rule:
    """One row, ready to be asked."""

    name: str
    among: Mapping[str, frozenset[str]] = field(default_factory=dict)
    truths: Mapping[str, bool] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    confidence: float = 0.0
    effects: Mapping[str, object] = field(default_factory=dict)

    def fits(self, facts: Facts) -> bool:
        """Say whether every condition holds."""
        return (
            all(getattr(facts, name) in values for name, values in self.among.items())
            and all(getattr(facts, name) is value for name, value in self.truths.items())
            and self.flags <= facts.flags
            and self.confidence <= facts.confidence
        )

    def covers(self, later: "Rule") -> bool:
        """Say whether this rule fits whenever the later one does."""
        return (
            all(name in later.among and later.among[name] <= values for name, values in self.among.items())
            and all(later.truths.get(name) is value for name, value in self.truths.items())
            and self.flags <= later.flags
            and self.confidence <= later.confidence
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a contact waits, and the names of the rules that said so."""

    queue: str
    priority: Priority
    skills: tuple[str, ...]
    due_at: datetime | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleTable:
    """A published table; `version` stands in every decision's event."""

    version: str
    rules: tuple[Rule, ...]
    otherwise: Mapping[str, object]
    calendar: WorkingCalendar = field(default_factory=WorkingCalendar)

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

    def _decision(self, facts: Facts, settled: dict[str, object], skills: list[str], why: list[str]) -> Decision:
        due = settled.get("due")
        return Decision(
            queue=_filled(str(settled["queue"]), facts),
            priority=Priority(str(settled["priority"])),
            skills=tuple(dict.fromkeys(_filled(skill, facts) for skill in skills)),
            due_at=self.calendar.add(facts.received_at, due) if isinstance(due, Duration) else None,
            why=tuple(why),
        )


def texts_of(value: object) -> list[str]:
    """Return the texts of a list, or none of anything else."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def _filled(text: str, facts: Facts) -> str:
    if "{" not in text:
        return text
    case_unit = facts.case_unit or facts.unit
    values = (facts.unit, case_unit, facts.language, facts.channel.value)
    for place, value in zip(PLACES, values, strict=True):
        text = text.replace(place, value)
    return text
