"""What no row shows alone: rules that never take effect, rules that overlap, names and queues that are not there."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.router.domain.rule_faults import Row
from services.router.domain.rule_steps import Overflow
from services.router.domain.rule_values import VALUES
from services.router.domain.rule_words import contacts_of
from services.router.domain.rules import ALL_QUEUES, Rule, texts_of
from shared.vocabulary import Channel

_MOST_PARTS = 1000
"""A rule that is not found to be hidden in so many parts counts as not hidden."""


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
    """Note what can never take effect, because rules above that fit as often, alone or together, state it first."""
    for place, (row, later) in enumerate(placed):
        above = [rule for _, rule in placed[:place]]
        hiding = [rule for rule in above if rule.covers(later)]
        dead = [name for name in later.effects if name != "skills" and any(name in rule.effects for rule in hiding)]
        if set(later.effects) == {"skills"}:
            said = {skill for rule in hiding for skill in texts_of(rule.effects.get("skills"))}
            dead = ["skills"] if set(texts_of(later.effects["skills"])) <= said else []
        for name in later.effects:
            if name not in {"skills", *dead}:
                together = _hiding_together(later, [rule for rule in above if name in rule.effects])
                hiding += together
                dead += [name] if together else []
        if dead:
            names = [rule.name for rule in hiding if any(name in rule.effects for name in dead)]
            row.wrong("dead", "then", dead[0], key=", ".join(dead), above=_list(names))


def find_overlaps(placed: Sequence[Placed]) -> None:
    """Note rules that state an effect differently, can hold together, and neither of which is the exception.

    A narrow rule above a wide one is an exception and fine. What a rule above both decides first is no overlap, and
    `yields_to` says that the lower rule knows. The lower one is told of all at once.
    """
    for place, (row, lower) in enumerate(placed):
        above = [rule for _, rule in placed[:place]]
        found = [(upper, *clash) for at, upper in enumerate(above) if (clash := _clash(above[:at], upper, lower))]
        if found:
            english, swedish = contacts_of(found[0][1])
            names = list(dict.fromkeys(name for _, _, stated in found for name in stated))
            uppers = [upper.name for upper, _, _ in found]
            words = {"witness": english, "witness_sv": swedish, "mended": _quoted([*sorted(lower.yields_to), *uppers])}
            row.wrong("overlap", "then", names[0], key=", ".join(names), above=_list(uppers), **words)


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
    return name != "skills" and name in upper.effects and upper.effects[name] != lower.effects[name]


def _unknown(row: Row, key: str, values: Iterable[str], known: Known, *path: str) -> None:
    names = known.of(key)
    if names is not None and (missing := sorted(set(values) - names)):
        row.wrong("unknown-name", *path, key=key, given=", ".join(missing))


def _clash(first: Sequence[Rule], upper: Rule, lower: Rule) -> tuple[Rule, list[str]] | None:
    """Return who meets both rules, and which effects their order alone decides, unless one of `first` decides them."""
    names = [] if upper.name in lower.yields_to else [name for name in lower.effects if _differ(upper, lower, name)]
    if not names or lower.covers(upper) or upper.covers(lower) or (both := upper.meet(lower)) is None:
        return None
    decided = {name for rule in first if rule.effects.keys() & names and rule.covers(both) for name in rule.effects}
    left = [name for name in names if name not in decided]
    return (both, left) if left else None


def _hiding_together(lower: Rule, above: Sequence[Rule]) -> list[Rule]:
    """Return rules that between them fit whenever the lower one does; none when there are no such rules.

    The lower rule is split by what it lists, by our own words and by true or false, until one rule covers each part.
    """
    near = [rule for rule in above if _but_for_words(rule, lower).covers(lower) and rule.meet(lower) is not None]
    parts, found = [lower], list[Rule]()
    for _ in range(_MOST_PARTS):
        if not parts:
            return found
        part = parts.pop()
        if cover := next((rule for rule in near if rule.covers(part)), None):
            found.append(cover)
        elif split := next((two for rule in near if rule.meet(part) and (two := _split(part, rule))), None):
            parts += split
        else:
            return []
    return []


def _split(lower: Rule, by: Rule) -> tuple[Rule, Rule] | None:
    """Return the lower rule in two: where a condition of `by` holds, and where it does not."""
    for name, values in by.among.items():
        has = lower.among.get(name, frozenset(VALUES.get(name, ())))
        if has - values:
            return _among(lower, name, has & values), _among(lower, name, has - values)
    for name, value in by.truths.items():
        if name not in lower.truths:
            yes, no = {**lower.truths, name: value}, {**lower.truths, name: not value}
            return replace(lower, truths=yes), replace(lower, truths=no)
    return None


def _among(rule: Rule, name: str, values: frozenset[str]) -> Rule:
    return replace(rule, among={**rule.among, name: values})


def _but_for_words(rule: Rule, lower: Rule) -> Rule:
    """Return the rule without the conditions that the lower one can be split by."""
    among = {name: each for name, each in rule.among.items() if name not in VALUES and name not in lower.among}
    return replace(rule, among=among, truths={})


def _list(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _quoted(names: Sequence[str]) -> str:
    return json.dumps(list(dict.fromkeys(names)), ensure_ascii=False)
