"""What no row shows alone: rules that never take effect, rules that overlap, names and queues that are not there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.router.domain.rule_faults import Row
from services.router.domain.rule_steps import Overflow
from services.router.domain.rule_words import contacts_of
from services.router.domain.rules import ALL_QUEUES, Rule, texts_of
from shared.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class Known:
    """The names that rules may use; None is: not known here, take any."""

    units: frozenset[str] | None = None
    entrances: frozenset[str] | None = None
    case_types: frozenset[str] | None = None
    checklists: frozenset[str] | None = None
    languages: frozenset[str] | None = None

    def of(self, condition: str) -> frozenset[str] | None:
        """Return the names that a condition or effect chooses from."""
        return {
            "unit": self.units,
            "case_unit": self.units,
            "entrance": self.entrances,
            "case_type": self.case_types,
            "checklist": self.checklists,
            "language": self.languages,
        }.get(condition)


Placed = tuple[Row, Rule]
"""A rule and where it stands."""


def find_dead(placed: Sequence[Placed]) -> None:
    """Note what can never take effect, because a rule above that fits as often states it first."""
    for place, (row, later) in enumerate(placed):
        for above in (rule for _, rule in placed[:place] if rule.covers(later)):
            dead = [name for name in later.effects if name != "skills" and name in above.effects]
            if not dead and set(later.effects) == {"skills"}:
                said = set(texts_of(above.effects.get("skills")))
                dead = ["skills"] if set(texts_of(later.effects["skills"])) <= said else []
            if dead:
                row.wrong("dead", "then", dead[0], key=", ".join(dead), above=above.name)


def find_overlaps(placed: Sequence[Placed]) -> None:
    """Note two rules that state an effect differently, can hold together, and neither of which is the exception.

    A narrow rule above a wide one is an exception and fine. What a rule above both decides first is no overlap, and
    `yields_to` says that the lower rule knows.
    """
    for place, (row, lower) in enumerate(placed):
        above = [rule for _, rule in placed[:place]]
        for upper in (rule for rule in above if rule.name not in lower.yields_to):
            names = [name for name in lower.effects if name != "skills" and _differ(upper, lower, name)]
            if not names or lower.covers(upper) or upper.covers(lower) or (both := upper.meet(lower)) is None:
                continue
            first = [rule for rule in above[: above.index(upper)] if rule.covers(both)]
            names = [name for name in names if not any(name in rule.effects for rule in first)]
            if names:
                english, swedish = contacts_of(both)
                said = {"above": upper.name, "witness": english, "witness_sv": swedish}
                row.wrong("overlap", "then", names[0], key=", ".join(names), **said)


def check_acknowledged(placed: Sequence[Placed]) -> None:
    """Note a `yields_to` that names no rule above."""
    above: set[str] = set()
    for row, rule in placed:
        for name in sorted(rule.yields_to - above):
            row.wrong("yields-to-nobody", "yields_to", given=name)
        above.add(rule.name)


def find_unknown(placed: Sequence[Placed], known: Known) -> None:
    """Note units, entrances, case types, checklists and languages that are not there."""
    for row, rule in placed:
        named = {name: values for name, values in rule.among.items() if known.of(name) is not None}
        for name, values in named.items():
            _unknown(row, name, values, known, "when", name)
        if checklist := rule.effects.get("checklist"):
            _unknown(row, "checklist", {str(checklist)}, known, "then", "checklist")


def find_unmade(placed: Sequence[Placed], otherwise: Placed, known: Known) -> None:
    """Note queues that overflow leads to, or that load is asked of, and that no rule makes."""
    every = [*placed, otherwise]
    made = {str(rule.effects["queue"]) for _, rule in every if rule.effects.get("queue")}
    patterns = [_pattern(name, known) for name in made]
    for row, rule in every:
        for path, name in _meant(rule):
            plain = name.replace("{case_unit}", "{unit}")
            if plain not in {each.replace("{case_unit}", "{unit}") for each in made} and not any(
                pattern.fullmatch(name) for pattern in patterns
            ):
                row.wrong("unknown-queue", *path, key=path[-1], given=name)


def _meant(rule: Rule) -> Iterable[tuple[tuple[str, ...], str]]:
    flows = rule.effects.get("overflow", ())
    for number, flow in enumerate(flows if isinstance(flows, tuple) else ()):
        if isinstance(flow, Overflow) and flow.queue:
            yield ("then", "overflow", str(number), "queue"), flow.queue
    for name in rule.waiting:
        if name not in {ALL_QUEUES, ""}:
            yield ("when", "waiting_at_least"), name


def _pattern(made: str, known: Known) -> re.Pattern[str]:
    """Return what a queue with places may become."""
    units = "|".join(map(re.escape, sorted(known.units))) if known.units is not None else "[^{}]+"
    fillings: Mapping[str, str] = {
        "{unit}": units or "(?!)",
        "{case_unit}": units or "(?!)",
        "{language}": "[a-z]{2,3}",
        "{channel}": "|".join(Channel),
    }
    pattern = re.escape(made)
    for place, filling in fillings.items():
        pattern = pattern.replace(re.escape(place), f"(?:{filling})")
    return re.compile(pattern)


def _differ(upper: Rule, lower: Rule, name: str) -> bool:
    return name in upper.effects and upper.effects[name] != lower.effects[name]


def _unknown(row: Row, key: str, values: Iterable[str], known: Known, *path: str) -> None:
    names = known.of(key)
    if names is not None and (missing := sorted(set(values) - names)):
        row.wrong("unknown-name", *path, key=key, given=", ".join(missing))
