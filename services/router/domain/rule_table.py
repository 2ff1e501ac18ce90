"""Reading a rule table: every field known, every value possible, nothing that can never take effect or is left open."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from services.router.domain import rule_clashes as clashes
from services.router.domain import rule_values as read
from services.router.domain.first_table import FIRST_TABLE
from services.router.domain.rule_clashes import Known
from services.router.domain.rule_faults import Fault, Row, RuleTableError
from services.router.domain.rules import BOOLEANS, CONDITIONS, EFFECTS, SETS, Rule, RuleTable

__all__ = ["FIRST_TABLE", "Known", "RuleTableError", "compile_table", "faults_of"]

MOST_RULES = 200
LONGEST_NAME = 80
_EFFECTS: Mapping[str, Callable[..., object]] = {
    "queue": read.queue,
    "skills": read.skills,
    "priority": read.priority,
    "due": read.duration,
    "rings": read.rings,
    "overflow": read.overflow,
    "dwell": read.seconds,
    "wrap_up": read.wrap_up,
    "checklist": read.text,
    "protected": read.true,
}


def compile_table(
    version: str, rows: Sequence[object], *, strict: bool = False, known: Known | None = None
) -> RuleTable:
    """Return the table of the rows; RuleTableError with every fault of every row.

    `strict` is for a table that is to be published: dead rules, overlaps and unknown names are refused too. One that
    has been published goes on working whatever has been learned since.
    """
    table, faults = _read(version, rows, strict=strict, known=known or Known())
    if faults:
        raise RuleTableError(faults)
    return table


def faults_of(rows: Sequence[object], known: Known | None = None) -> list[Fault]:
    """Return all that would have a table refused."""
    return _read("", rows, strict=True, known=known or Known())[1]


def _read(version: str, rows: Sequence[object], *, strict: bool, known: Known) -> tuple[RuleTable, list[Fault]]:
    faults: list[Fault] = []
    names: set[str] = set()
    if len(rows) > MOST_RULES:
        Row(MOST_RULES, "table", faults).wrong("too-many", most=MOST_RULES)
        rows = [*rows[: MOST_RULES - 1], rows[-1]]
    placed = [_rule(row, number, names, faults) for number, row in enumerate(rows[:-1])]
    last = Row(max(len(rows) - 1, 0), "last row", faults)
    otherwise = _otherwise(last, rows[-1] if rows else {})
    if strict:
        clashes.find_dead(placed)
        clashes.check_acknowledged(placed)
        clashes.find_overlaps(placed)
        clashes.find_unknown([*placed, otherwise], known)
        clashes.find_unmade(placed, otherwise, known)
    table = RuleTable(version, tuple(rule for _, rule in placed), otherwise[1].effects)
    return table, sorted(faults, key=lambda fault: fault.row)


def _rule(given: object, number: int, names: set[str], faults: list[Fault]) -> clashes.Placed:
    row = Row(number, f"rule {number + 1}", faults)
    if not isinstance(given, Mapping):
        row.wrong("no-row", given=type(given).__name__)
        return row, Rule(row.name)
    if not _storable(given):
        row.wrong("unusable")
    name = given.get("name")
    if isinstance(name, str) and name:
        row.name = name[:LONGEST_NAME]
    row.known("unknown-field", given, ("name", "when", "then", "yields_to"))
    if row.name != name or name in names or name.startswith("otherwise"):
        row.wrong("no-name", "name")
    names.add(row.name)
    when, then = read.fields(row, given.get("when", {}), "when"), read.fields(row, given.get("then", {}), "then")
    row.known("unknown-condition", when, CONDITIONS, "when")
    if not then:
        row.wrong("no-effect", "then")
    return row, _conditions(row, when, effects=_effects(row, then, "then"), given=given)


def _conditions(
    row: Row, when: Mapping[str, object], *, effects: Mapping[str, object], given: Mapping[str, object]
) -> Rule:
    among = {key: read.texts(row, when[key], "when", key) for key in SETS if key in when}
    return Rule(
        row.name,
        # A condition that lists every value there is asks nothing.
        among={key: each for key, each in among.items() if each != frozenset(read.VALUES.get(key, ()))},
        truths={key: read.truth(row, when[key], "when", key) for key in BOOLEANS if key in when},
        flags=read.texts(row, when["flags"], "when", "flags") if "flags" in when else frozenset(),
        confidence=read.share(row, when.get("confidence_at_least", 0.0), "when", "confidence_at_least"),
        time=read.window(row, when["time"], "when", "time") if "time" in when else None,
        waiting=read.counts(row, when["waiting_at_least"], "when", "waiting_at_least")
        if "waiting_at_least" in when
        else {},
        open_cases=read.count(row, when["open_cases_at_least"], "when", "open_cases_at_least")
        if "open_cases_at_least" in when
        else 0,
        effects=effects,
        yields_to=read.texts(row, given["yields_to"], "yields_to") if "yields_to" in given else frozenset(),
    )


def _effects(row: Row, then: Mapping[str, object], under: str) -> dict[str, object]:
    row.known("unknown-effect", then, EFFECTS, under)
    return {key: reader(row, then[key], under, key) for key, reader in _EFFECTS.items() if key in then}


def _storable(given: object) -> bool:
    with suppress(ValueError, TypeError, RecursionError):
        return bool(json.dumps(given, ensure_ascii=False, allow_nan=False).encode())
    return False


def _otherwise(row: Row, given: object) -> clashes.Placed:
    if not isinstance(given, Mapping) or set(given) != {"otherwise"}:
        row.wrong("no-otherwise")
        return row, Rule(row.name)
    row.name = "otherwise"
    if not _storable(given):
        row.wrong("unusable")
    stated = _effects(row, read.fields(row, given["otherwise"], "otherwise"), "otherwise")
    for needed in ("queue", "priority"):
        if needed not in stated:
            row.wrong("must-state", "otherwise", key=needed)
    return row, Rule(row.name, effects=stated)
