from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from services.router.domain.first_table import FIRST_TABLE
from services.router.domain.past import PastContact
from services.router.domain.rehearsal import Changes, decide
from services.router.domain.rule_table import compile_table
from services.router.domain.rules import RuleTable
from shared.vocabulary import Channel, Priority, TakenOver
from tests.unit.router.past import START, call, recorded, rule, table

OLD = table(rule("bostad", {"queue": "bostad", "skills": ["bostad"]}, unit=["bostad"]))


def changes(contacts: list[PastContact], new: RuleTable, *known: RuleTable) -> Changes:
    found = Changes()
    for one in decide(contacts, {each.version: each for each in known}, new):
        found.take(one)
    return found


def said(found: Changes) -> list[tuple[Any, ...]]:
    return [(each.what, each.before, each.after, each.contacts) for each in found.listed()]


def test_who_would_have_gone_elsewhere_is_counted_with_examples():
    contacts = [call(f"b{n}", n, OLD, unit="bostad") for n in range(12)] + [call("k", 20, OLD)]
    new = table(rule("bostad", {"queue": "hyra", "skills": ["bostad"]}, unit=["bostad"]), version="2")
    found = changes(contacts, new, OLD)
    assert said(found) == [("queue", "bostad", "hyra", 12)]
    assert (found.contacts, found.changed, found.moved) == (13, 12, 12)
    assert found.listed()[0].examples == [f"b{n}" for n in range(10)]


def test_priority_skills_and_due_are_told_apart_and_queues_come_first():
    new = table(
        rule("mer", {"queue": "hyra", "priority": "high", "skills": ["hyra"], "due": "1 timme"}, unit=["bostad"]),
        version="2",
    )
    assert said(changes([call("b", 0, OLD, unit="bostad"), call("k", 1, OLD)], new, OLD)) == [
        ("queue", "bostad", "hyra", 1),
        ("priority", "normal", "high", 1),
        ("skills", "bostad", "hyra", 1),
        ("due", "none", "some", 1),
    ]


def test_a_due_time_comes_earlier_or_later():
    old, new = (
        table(version=version, otherwise={"queue": "alla", "priority": "normal", "due": due})
        for version, due in (("1", "2 timmar"), ("2", "1 timme"))
    )
    assert said(changes([call("a", 0, old)], new, old)) == [("due", "", "earlier", 1)]
    assert said(changes([call("a", 0, new)], old, new)) == [("due", "", "later", 1)]


def test_the_order_of_skills_is_no_change():
    contact = call("a", 0, OLD)
    mixed = replace(contact, decision=replace(contact.decision, skills=("b", "a")))
    assert said(changes([mixed], table(otherwise={"queue": "alla", "priority": "normal", "skills": ["a", "b"]}))) == []


def test_rings_are_compared_where_the_old_table_is_known():
    new = table(rule("ring", {"rings": [{"after": "60 sekunder", "skills": []}]}, channel=["phone"]), version="2")
    assert said(changes([call("a", 0, OLD)], new, OLD)) == [("steps", "", "after 60 s: skills -", 1)]
    assert said(changes([call("a", 0, OLD)], new)) == [], "of a table that is gone nothing is said about rings"


def test_a_closed_queue_or_a_storm_is_no_change_of_the_table():
    ringed = table(rule("ring", {"skills": ["a"], "rings": [{"after": "9 sekunder", "skills": []}]}, channel=["phone"]))
    contact = call("a", 0, ringed)
    moved = replace(contact.decision, queue="annan", skills=(), why=("closed:alla", "peak:rings_open"))
    assert said(changes([replace(contact, decision=moved)], ringed, ringed)) == []


def test_how_many_waited_is_counted_from_what_was_measured():
    old = table()
    new = table(rule("trängsel", {"queue": "hjälp"}, waiting_at_least={"alla": 2}), version="2")
    contacts = [
        call("first", 0, old, waited=50.0),
        call("second", 10, old, waited=None, left=25.0),
        call("third", 20, old, waited=5.0),
        call("fourth", 40, old, waited=5.0),
    ]
    found = changes(contacts, new, old)
    assert found.listed()[0].examples == ["third"], "by the fourth the second had left and the third was answered"


def test_where_the_old_table_asked_for_the_load_both_are_asked_anew():
    crowded = table(rule("trängsel", {"queue": "hjälp"}, waiting_at_least={"alla": 1}))
    contact = call("a", 0, crowded)
    then = replace(contact, decision=recorded(replace(contact.decision, queue="hjälp")))
    assert said(changes([then], replace(crowded, version="2"), crowded)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "channel": st.sampled_from(Channel),
                "unit": st.sampled_from(["bostad", "skola", "kommunen"]),
                "language": st.sampled_from(["sv", "fi"]),
                "automatic": st.booleans(),
                "unreadable": st.booleans(),
                "flags": st.sampled_from([frozenset(), frozenset({"protected_identity"})]),
                "taken_over": st.sampled_from(TakenOver),
                "open_cases": st.integers(0, 3),
                "after": st.integers(0, 10**6),
            }
        ),
        max_size=20,
    )
)
def test_the_same_table_changes_nothing(contacts: list[dict[str, Any]]):
    first = compile_table("000001", FIRST_TABLE)
    made = [call(str(n), each.pop("after"), first, **each) for n, each in enumerate(contacts)]
    found = changes(made, compile_table("again", FIRST_TABLE), first)
    assert (found.contacts, found.changed, said(found)) == (len(made), 0, [])


def test_times_are_those_of_the_contact_not_of_today():
    weekend = table(rule("helg", {"queue": "jour"}, time={"weekdays": ["saturday", "sunday"]}), version="2")
    contacts = [call("monday", 0, OLD), call("sunday", 0, OLD, received_at=START - timedelta(days=1))]
    assert [each.examples for each in changes(contacts, weekend, OLD).listed()] == [["sunday"]]


def test_priorities_of_the_first_table():
    first = compile_table("000001", FIRST_TABLE)
    assert first.decide(call("a", 0, first).facts).priority is Priority.HIGH
