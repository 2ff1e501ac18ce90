"""What a rule may ask, and that `covers` and `meet` never say more of rules than what contacts show."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain.rule_table import compile_table, faults_of
from services.router.domain.rule_time import Window
from services.router.domain.rules import Facts, Rule
from shared.vocabulary import Channel, Priority, TakenOver, WorkKind

MONDAY_AT_NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OTHERWISE = {"otherwise": {"queue": "rest", "priority": "normal"}}


def facts(**more: Any) -> Facts:
    values: dict[str, Any] = {
        "channel": Channel.PHONE,
        "entrance": "vaxel",
        "unit": "bostad",
        "received_at": MONDAY_AT_NINE,
    }
    return Facts(**(values | more))


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({"kind": ["return_call"]}, True),
        ({"kind": ["contact"]}, False),
        ({"taken_over": ["ej_overtagen", "provdrift"]}, True),
        ({"taken_over": ["overtagen"]}, False),
        ({"open_cases_at_least": 2}, True),
        ({"open_cases_at_least": 3}, False),
        ({"waiting_at_least": 30}, True),
        ({"waiting_at_least": 31}, False),
        ({"waiting_at_least": {"{unit}": 20}}, True),
        ({"waiting_at_least": {"bostad": 21}}, False),
        ({"waiting_at_least": {"bostad": 1, "nobody": 1}}, False),
        ({"time": {"weekdays": ["monday"], "hours": ["08:00-12:00"]}}, True),
        ({"time": {"weekdays": ["tuesday"]}}, False),
        ({"time": {"hours": ["22:00-06:00"]}}, False),
        ({"time": {"from": "2026-11-23", "to": "2026-11-23", "holiday": False}}, True),
        ({"time": {"holiday": True}}, False),
        ({"channel": ["phone", "email", "visit", "e_service"]}, True),
    ],
)
def test_conditions(when: dict[str, Any], fits: bool):
    about = facts(
        kind=WorkKind.RETURN_CALL, taken_over=TakenOver.TRIAL, open_cases=2, waiting={"bostad": 20, "gata": 10}
    )
    rows = [{"name": "r", "when": when, "then": {"queue": "hit"}}, OTHERWISE]
    assert (compile_table("1", rows).decide(about).queue == "hit") is fits


def test_a_decision_says_all_that_becomes_of_the_contact():
    rows = [
        {
            "name": "vip",
            "when": {"flags": ["protected_identity"]},
            "then": {
                "protected": True,
                "checklist": "skyddad",
                "wrap_up": {"mode": "mandatory", "seconds": "2 minuter"},
            },
        },
        {
            "name": "calls",
            "when": {"channel": ["phone"]},
            "then": {
                "skills": ["{unit}=3"],
                "dwell": 20,
                "rings": [{"after": "1 minut", "level_minus": 2}, {"after": "1,5 minuter", "drop": ["{unit}"]}],
                "overflow": [{"after": "90 sekunder", "queue": "rest", "priority": "urgent"}],
            },
        },
        OTHERWISE,
    ]  # fmt: skip
    table = compile_table("1", rows, strict=True)
    decision = table.decide(facts(flags=frozenset({"protected_identity"})))
    assert decision.skills == ("bostad=3", "protected")
    assert (decision.dwell_seconds, decision.checklist) == (20.0, "skyddad")
    assert decision.wrap_up is not None
    assert (decision.wrap_up.mode, decision.wrap_up.seconds) == ("mandatory", 120.0)
    assert [(step.after, step.skills, step.queue, step.priority) for step in decision.steps] == [
        (60.0, ("bostad", "protected"), None, None),
        (90.0, ("protected",), "rest", Priority.URGENT),
    ]
    assert table.decide(facts(channel=Channel.EMAIL)).steps == ()


WORDS = st.frozensets(st.sampled_from("abc"), min_size=1)
SPANS = st.sampled_from([((0, 1440),), ((0, 720),), ((480, 1020),), ((0, 360), (1320, 1440))])
DAYS = st.sampled_from([None, date(2026, 12, 21), date(2026, 12, 24), date(2026, 12, 26)])
WINDOWS = st.builds(
    Window,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    spans=SPANS,
    first=DAYS,
    last=DAYS,
    holiday=st.sampled_from([None, True, False]),
)
QUEUES = st.sampled_from(["*", "a", "b"])
RULES = st.builds(
    Rule,
    name=st.just("r"),
    among=st.dictionaries(st.sampled_from(["unit", "entrance"]), WORDS),
    truths=st.dictionaries(st.sampled_from(["automatic", "follows"]), st.booleans()),
    flags=st.frozensets(st.sampled_from("xy")),
    confidence=st.sampled_from([0.0, 0.5, 0.9]),
    time=st.none() | WINDOWS,
    waiting=st.dictionaries(QUEUES, st.integers(1, 3)),
    open_cases=st.integers(0, 2),
)
CONTACTS = st.builds(
    Facts,
    channel=st.just(Channel.PHONE),
    entrance=st.sampled_from("abc"),
    unit=st.sampled_from("abc"),
    received_at=st.integers(0, 10 * 24).map(lambda hours: datetime(2026, 12, 19, tzinfo=UTC) + timedelta(hours=hours)),
    confidence=st.sampled_from([0.2, 0.5, 0.95]),
    flags=st.frozensets(st.sampled_from("xy")),
    automatic=st.booleans(),
    follows=st.booleans(),
    open_cases=st.integers(0, 3),
    waiting=st.dictionaries(st.sampled_from("ab"), st.integers(0, 3)),
)


@settings(max_examples=300, deadline=None)
@given(RULES, RULES, CONTACTS)
def test_rules_cover_and_meet_as_contacts_show(one: Rule, other: Rule, contact: Facts):
    both = one.meet(other)
    assert (both is not None and both.fits(contact)) is (one.fits(contact) and other.fits(contact))
    if one.covers(other) and other.fits(contact):
        assert one.fits(contact)
    if both is not None:
        assert one.covers(both)
        assert other.covers(both)


WHENS = st.fixed_dictionaries(
    {},
    optional={
        "channel": st.lists(st.sampled_from(list(Channel)), min_size=1, max_size=3, unique=True),
        "taken_over": st.lists(st.sampled_from(list(TakenOver)), min_size=1, max_size=2, unique=True),
        "automatic": st.booleans(),
        "follows": st.booleans(),
        "unit": st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True),
        "flags": st.lists(st.sampled_from("xy"), min_size=1, unique=True),
    },
)
EVERYBODY = [
    facts(channel=channel, taken_over=taken, automatic=automatic, follows=follows, unit=unit, flags=frozenset(flags))
    for channel in Channel
    for taken in TakenOver
    for automatic in (True, False)
    for follows in (True, False)
    for unit in "abcd"
    for flags in ("", "x", "y", "xy")
]


@settings(max_examples=150, deadline=None)
@given(st.lists(WHENS, min_size=2, max_size=5))
def test_dead_rules_decide_for_nobody_and_overlaps_are_there_to_be_met(whens: list[dict[str, Any]]):
    rows: list[dict[str, Any]] = [
        {"name": f"r{n}", "when": when, "then": {"dwell": n + 1}} for n, when in enumerate(whens)
    ]
    faults = faults_of([*rows, OTHERWISE])
    dead = {fault.rule for fault in faults if fault.code == "dead"}
    overlapping = {fault.rule for fault in faults if fault.code == "overlap"}
    alive = [row for row in rows if row["name"] not in dead]
    table = compile_table("1", [*alive, OTHERWISE])
    decided = {f"r{round(decision.dwell_seconds) - 1}" for decision in map(table.decide, EVERYBODY)}
    assert not dead & {rule.name for rule in _first_of([*rows, OTHERWISE])}
    assert {row["name"] for row in alive} <= decided | dead
    rules = {rule.name: rule for rule in table.rules}
    for name in overlapping & set(rules):
        above = [rules[row["name"]] for row in alive[: [row["name"] for row in alive].index(name)]]
        assert any(rule.fits(who) and rules[name].fits(who) for rule in above for who in EVERYBODY)


def _first_of(rows: list[Any]) -> list[Rule]:
    """Return the rules that are the first to fit somebody, asked one by one."""
    rules = [compile_table("1", [row, OTHERWISE]).rules[0] for row in rows[:-1]]
    found = [next((rule for rule in rules if rule.fits(who)), None) for who in EVERYBODY]
    return [rule for rule in rules if rule in found]
