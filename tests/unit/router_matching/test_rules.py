from datetime import UTC, datetime
from typing import Any

import pytest

from services.router.domain.rule_table import FIRST_TABLE, RuleTableError, compile_table
from services.router.domain.rules import Decision, Facts
from shared.vocabulary import Channel, Priority

MONDAY_AT_NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OTHERWISE = {"otherwise": {"queue": "kontaktcenter", "priority": "normal"}}


def facts(channel: Channel = Channel.EMAIL, **more: Any) -> Facts:
    return Facts(channel, "kontakt-mejl", "kontaktcenter", MONDAY_AT_NINE, **more)


def decide(rows: list[dict[str, Any]], about: Facts) -> Decision:
    return compile_table("1", [*rows, OTHERWISE]).decide(about)


def errors(*rows: Any) -> str:
    with pytest.raises(RuleTableError) as refused:
        compile_table("1", rows, strict=True)
    return "\n".join(refused.value.errors)


def test_the_first_table_puts_people_who_wait_first_and_promises_answers_in_working_days():
    table = compile_table("1", FIRST_TABLE)
    call, mail, form = (table.decide(facts(channel)) for channel in (Channel.PHONE, Channel.EMAIL, Channel.E_SERVICE))
    assert (call.priority, call.due_at) == (Priority.HIGH, None)
    assert (mail.priority, mail.queue, mail.skills) == (Priority.NORMAL, "kontaktcenter", ("kontaktcenter",))
    assert mail.due_at == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert form.due_at == datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
    assert mail.why == ("mail-in-one-day", "queue-of-the-unit")


def test_what_a_machine_wrote_waits():
    decision = compile_table("1", FIRST_TABLE).decide(facts(automatic=True))
    assert decision.priority is Priority.LOW
    assert decision.due_at is not None


def test_the_first_rule_that_states_an_effect_decides_it_and_skills_add_up():
    rows = [
        {"name": "a", "when": {"flags": ["vip"]}, "then": {"priority": "urgent", "skills": ["lead"]}},
        {"name": "b", "when": {"channel": ["email"]}, "then": {"priority": "low", "skills": ["mail"], "queue": "mejl"}},
    ]
    decision = decide(rows, facts(flags=frozenset({"vip", "other"})))
    assert decision == Decision("mejl", Priority.URGENT, ("lead", "mail"), None, ("a", "b"))


def test_whatever_no_rule_states_follows_the_stated_policy():
    decision = decide([{"name": "a", "when": {"channel": ["phone"]}, "then": {"queue": "samtal"}}], facts())
    assert decision.queue == "kontaktcenter"
    assert decision.why == ("otherwise:queue", "otherwise:priority")


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({"case_type": ["ct-1"]}, True),
        ({"case_type": ["ct-2"]}, False),
        ({"case_unit": ["gata"], "confidence_at_least": 0.6}, True),
        ({"confidence_at_least": 0.9}, False),
        ({"language": ["fi", "en"]}, False),
        ({"entrance": ["kontakt-mejl"], "unit": ["kontaktcenter"]}, True),
        ({"follows": True}, False),
        ({"unreadable": False}, True),
        ({"flags": ["a", "b"]}, False),
    ],
)
def test_conditions(when: dict[str, Any], fits: bool):
    about = facts(case_type="ct-1", case_unit="gata", confidence=0.7, flags=frozenset({"a"}))
    decision = decide([{"name": "r", "when": when, "then": {"queue": "hit"}}], about)
    assert (decision.queue == "hit") is fits


def test_places_are_filled_from_the_contact():
    rows = [{"name": "r", "when": {}, "then": {"queue": "{case_unit}-{channel}", "skills": ["lang:{language}"]}}]
    decision = decide(rows, facts(language="fi", case_unit="gata"))
    assert (decision.queue, decision.skills) == ("gata-email", ("lang:fi",))


def test_every_fault_is_named_at_once():
    told = errors(
        {"name": "a", "when": {"colour": ["red"], "channel": ["fax"]}, "then": {"priority": "now", "due": "snart"}},
        {"name": "a", "when": {"follows": "yes", "confidence_at_least": 2}, "then": {"queue": "{who}", "skills": []}},
        {"when": {}, "then": {}, "note": "x"},
        {"otherwise": {"priority": "normal"}},
    )
    for fault in (
        "a: unknown condition 'colour'",
        "a: unknown channel fax",
        "a: unknown priority 'now'",
        "a: due: not a duration",
        "a: needs a name of its own",
        "follows must be true or false",
        "confidence_at_least must be a number from 0 to 1",
        "unknown place in '{who}'",
        "skills must be a list",
        "rule 3: unknown field 'note'",
        "rule 3: states nothing",
        "otherwise: must state queue",
    ):
        assert fault in told


def test_a_rule_in_the_shadow_of_another_is_refused():
    told = errors(
        {"name": "all mail", "when": {"channel": ["email", "visit"]}, "then": {"priority": "low"}},
        {"name": "automatic mail", "when": {"channel": ["email"], "automatic": True}, "then": {"priority": "high"}},
        OTHERWISE,
    )
    assert told == "automatic mail: priority can never take effect: all mail stands above it"


def test_a_narrow_rule_above_a_wide_one_is_fine():
    compile_table(
        "1",
        [
            {"name": "automatic mail", "when": {"channel": ["email"], "automatic": True}, "then": {"priority": "low"}},
            {"name": "all mail", "when": {"channel": ["email"]}, "then": {"priority": "normal", "due": "1 arbetsdag"}},
            OTHERWISE,
        ],
    )


@pytest.mark.parametrize("rows", [[], [{"name": "a", "when": {}, "then": {"queue": "q"}}]])
def test_a_table_without_a_policy_for_the_rest_is_refused(rows: list[dict[str, Any]]):
    assert "last row: must be `otherwise`" in errors(*rows)
