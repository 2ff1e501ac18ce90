"""Reading a rule table: every field known, every value possible, nothing that can never take effect."""

from collections.abc import Mapping, Sequence

from services.router.domain.rules import BOOLEANS, EFFECTS, PLACES, SETS, Rule, RuleTable, texts_of
from shared.calendar import Duration, parse
from shared.vocabulary import Channel, Priority


class RuleTableError(ValueError):
    """A rule table that would not do what it says; `errors` names the rule and the fault, one a line."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = tuple(errors)


def compile_table(version: str, rows: Sequence[Mapping[str, object]]) -> RuleTable:
    """Return the table of the rows as published; RuleTableError with every fault of every row."""
    reader = _TableReader()
    rules = [reader.rule(row, number) for number, row in enumerate(rows[:-1], 1)]
    otherwise = reader.otherwise(rows[-1] if rows else {})
    reader.shadows(rules)
    if reader.errors:
        raise RuleTableError(reader.errors)
    return RuleTable(version, tuple(rules), otherwise)


class _TableReader:
    """Reads rows and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._names: set[str] = set()

    def rule(self, row: Mapping[str, object], number: int) -> Rule:
        name = str(row.get("name") or f"rule {number}")
        self._known(name, row, ("name", "when", "then"), "field")
        if "name" not in row or name in self._names:
            self._wrong(name, "needs a name of its own")
        self._names.add(name)
        when, then = self._mapping(name, row, "when"), self._mapping(name, row, "then")
        self._known(name, when, (*SETS, *BOOLEANS, "flags", "confidence_at_least"), "condition")
        if not then:
            self._wrong(name, "states nothing")
        return Rule(
            name,
            among={key: self._set(name, key, when[key]) for key in SETS if key in when},
            truths={key: self._truth(name, key, when[key]) for key in BOOLEANS if key in when},
            flags=self._set(name, "flags", when["flags"]) if "flags" in when else frozenset(),
            confidence=self._share(name, when.get("confidence_at_least", 0.0)),
            effects=self._effects(name, then),
        )

    def otherwise(self, row: Mapping[str, object]) -> Mapping[str, object]:
        if set(row) != {"otherwise"}:
            self._wrong("last row", "must be `otherwise`: what holds when no rule says anything")
            return {}
        stated = self._effects("otherwise", self._mapping("otherwise", row, "otherwise"))
        for needed in ("queue", "priority"):
            if needed not in stated:
                self._wrong("otherwise", f"must state {needed}")
        return stated

    def shadows(self, rules: Sequence[Rule]) -> None:
        """Refuse what can never take effect, because a rule above that fits as often states it first."""
        for place, later in enumerate(rules):
            for above in (rule for rule in rules[:place] if rule.covers(later)):
                dead = [name for name in later.effects if name != "skills" and name in above.effects]
                if not dead and set(later.effects) == {"skills"}:
                    said = set(texts_of(above.effects.get("skills")))
                    dead = ["skills"] if set(texts_of(later.effects["skills"])) <= said else []
                if dead:
                    self._wrong(later.name, f"{', '.join(dead)} can never take effect: {above.name} stands above it")

    def _effects(self, name: str, then: Mapping[str, object]) -> dict[str, object]:
        self._known(name, then, EFFECTS, "effect")
        effects: dict[str, object] = {key: then[key] for key in EFFECTS if key in then}
        if "queue" in effects and not (isinstance(effects["queue"], str) and effects["queue"]):
            self._wrong(name, "queue must be a name")
        if "priority" in effects and effects["priority"] not in list(Priority):
            self._wrong(name, f"unknown priority {effects['priority']!r}; one of {', '.join(Priority)}")
        if "skills" in effects:
            effects["skills"] = sorted(self._set(name, "skills", effects["skills"]))
        if "due" in effects:
            effects["due"] = self._due(name, str(effects["due"]))
        self._places(name, [str(effects.get("queue", "")), *texts_of(effects.get("skills"))])
        return effects

    def _places(self, name: str, texts: Sequence[str]) -> None:
        for text in texts:
            bare = text
            for place in PLACES:
                bare = bare.replace(place, "")
            if "{" in bare or "}" in bare:
                self._wrong(name, f"unknown place in {text!r}; known are {', '.join(PLACES)}")

    def _due(self, name: str, text: str) -> Duration | None:
        try:
            return parse(text)
        except ValueError as error:
            self._wrong(name, f"due: {error}")
            return None

    def _set(self, name: str, key: str, value: object) -> frozenset[str]:
        if not isinstance(value, list | tuple | set) or not value or not all(isinstance(each, str) for each in value):
            self._wrong(name, f"{key} must be a list of texts with at least one")
            return frozenset()
        if key == "channel" and (unknown := set(value) - set(Channel)):
            self._wrong(name, f"unknown channel {', '.join(sorted(unknown))}; one of {', '.join(Channel)}")
        return frozenset(value)

    def _truth(self, name: str, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            self._wrong(name, f"{key} must be true or false")
        return value is True

    def _share(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self._wrong(name, "confidence_at_least must be a number from 0 to 1")
            return 0.0
        return float(value)

    def _mapping(self, name: str, row: Mapping[str, object], key: str) -> Mapping[str, object]:
        value = row.get(key, {})
        if isinstance(value, Mapping):
            return value
        self._wrong(name, f"{key} must be fields and values")
        return {}

    def _known(self, name: str, given: Mapping[str, object], known: Sequence[str], what: str) -> None:
        for key in given:
            if key not in known:
                self._wrong(name, f"unknown {what} {key!r}; known are {', '.join(known)}")

    def _wrong(self, name: str, fault: str) -> None:
        self.errors.append(f"{name}: {fault}")


FIRST_TABLE: tuple[dict[str, object], ...] = (
    {
        "name": "unreadable-is-looked-at",
        "when": {"unreadable": True},
        "then": {"priority": "normal", "due": "1 arbetsdag"},
    },
    {"name": "machines-wait", "when": {"automatic": True}, "then": {"priority": "low"}},
    {"name": "people-who-wait-first", "when": {"channel": ["phone", "visit"]}, "then": {"priority": "high"}},
    {"name": "mail-in-one-day", "when": {"channel": ["email"]}, "then": {"priority": "normal", "due": "1 arbetsdag"}},
    {
        "name": "form-in-two-days",
        "when": {"channel": ["e_service"]},
        "then": {"priority": "normal", "due": "2 arbetsdagar"},
    },
    {"name": "queue-of-the-unit", "when": {}, "then": {"queue": "{unit}", "skills": ["{unit}"]}},
    {"otherwise": {"queue": "{unit}", "priority": "normal"}},
)
"""What the router publishes at its very first start: a queue per unit, people who wait first, answers in days."""
