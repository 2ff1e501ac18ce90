"""A rule file with every kind of fault at once: each is named, in both languages, at its place."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.router.domain.rule_faults import TEXTS
from services.router.domain.rule_table import FIRST_TABLE, MOST_RULES, Known, RuleTableError, compile_table, faults_of
from services.router.domain.rules import CONDITIONS, EFFECTS, Facts
from shared.vocabulary import Channel, Priority, TakenOver
from tests.unit.router.test_rule_conditions import MONDAY_AT_NINE

OTHERWISE = {"otherwise": {"queue": "kontaktcenter", "priority": "normal"}}
KNOWN = Known(
    units=frozenset({"bostad", "gata"}),
    entrances=frozenset({"vaxel"}),
    case_types=frozenset({"ct-1"}),
    checklists=frozenset({"kallt"}),
    languages=frozenset({"sv", "fi"}),
)


def then(**effects: Any) -> dict[str, Any]:
    return {"name": "r", "when": {}, "then": effects}


def when(**conditions: Any) -> dict[str, Any]:
    return {"name": "r", "when": conditions, "then": {"dwell": 5}}


ROWS: list[tuple[str, str, Any]] = [
    ("unknown-field", "/0/note", {**then(dwell=5), "note": "x"}),
    ("unknown-condition", "/0/when/colour", when(colour=["red"])),
    ("unknown-effect", "/0/then/music", then(music="jazz")),
    ("unknown-key", "/0/when/time/moon", when(time={"moon": "full"})),
    ("unknown-key", "/0/then/rings/0/queue", then(rings=[{"after": 5, "reserves": True, "queue": "x"}])),
    ("unknown-key", "/0/then/wrap_up/colour", then(wrap_up={"mode": "timed", "seconds": 5, "colour": 1})),
    ("unknown-value", "/0/when/channel", when(channel=["fax"])),
    ("unknown-value", "/0/when/taken_over", when(taken_over=["kanske"])),
    ("unknown-value", "/0/when/time/weekdays", when(time={"weekdays": ["måndag"]})),
    ("unknown-value", "/0/then/priority", then(priority="now")),
    ("unknown-value", "/0/then/priority", then(priority=["high"])),
    ("unknown-value", "/0/then/wrap_up/mode", then(wrap_up={"mode": "long", "seconds": 5})),
    ("unknown-name", "/0/when/unit", when(unit=["bostad", "rymden"])),
    ("unknown-name", "/0/when/case_unit", when(case_unit=["rymden"])),
    ("unknown-name", "/0/when/entrance", when(entrance=["bakvägen"])),
    ("unknown-name", "/0/when/case_type", when(case_type=["ct-9"])),
    ("unknown-name", "/0/when/language", when(language=["xx"])),
    ("unknown-name", "/0/then/checklist", then(checklist="varmt")),
    ("unknown-queue", "/0/then/overflow/0/queue", then(overflow=[{"after": 5, "queue": "bostad"}])),
    ("unknown-queue", "/0/when/waiting_at_least", when(waiting_at_least={"{unit}": 5})),
    ("unknown-place", "/0/then/queue", then(queue="{who}")),
    ("unknown-place", "/0/then/skills", then(skills=["{who}"])),
    ("no-row", "/0", "queue: bostad"),
    ("unusable", "/0", when(flags=["\ud800"])),
    ("no-name", "/0/name", {"when": {}, "then": {"dwell": 5}}),
    ("no-name", "/0/name", {"name": "otherwise:queue", "when": {}, "then": {"dwell": 5}}),
    ("no-name", "/0/name", {"name": "x" * 81, "when": {}, "then": {"dwell": 5}}),
    ("no-effect", "/0/then", then()),
    ("no-fields", "/0/when", {"name": "r", "when": ["unit"], "then": {"dwell": 5}}),
    ("no-fields", "/0/then/rings/0", then(rings=["soon"])),
    ("no-list", "/0/when/unit", when(unit="bostad")),
    ("no-list", "/0/then/skills", then(skills=[])),
    ("no-list", "/0/yields_to", {**then(dwell=5), "yields_to": "a"}),
    ("no-steps", "/0/then/rings", then(rings=[])),
    ("no-steps", "/0/then/overflow", then(overflow=[{"after": n, "priority": "high"} for n in range(7)])),
    ("no-truth", "/0/when/follows", when(follows="yes")),
    ("not-true", "/0/then/protected", then(protected=False)),
    ("no-share", "/0/when/confidence_at_least", when(confidence_at_least=2)),
    ("no-count", "/0/when/open_cases_at_least", when(open_cases_at_least=0)),
    ("no-count", "/0/when/waiting_at_least", when(waiting_at_least=True)),
    ("no-count", "/0/then/rings/0/level_minus", then(rings=[{"after": 5, "level_minus": 0.5}])),
    ("no-seconds", "/0/then/dwell", then(dwell="1 arbetsdag")),
    ("no-seconds", "/0/then/dwell", then(dwell=-1)),
    ("no-seconds", "/0/then/dwell", then(dwell=10**400)),
    ("no-seconds", "/0/then/dwell", then(dwell=float("nan"))),
    ("no-seconds", "/0/then/rings/0/after", then(rings=[{"reserves": True}])),
    ("no-seconds", "/0/then/wrap_up/seconds", then(wrap_up={"mode": "timed", "seconds": 901})),
    ("no-duration", "/0/then/due", then(due="snart")),
    ("no-duration", "/0/then/due", then(due="9999 arbetsdagar")),
    ("no-duration", "/0/then/due", then(due=f"{'9' * 400} timmar")),
    ("no-hours", "/0/when/time/hours", when(time={"hours": ["8-25:00"]})),
    ("no-hours", "/0/when/time/hours", when(time={"hours": ["08:00-08:00"]})),
    ("no-date", "/0/when/time/from", when(time={"from": "julafton"})),
    ("no-date", "/0/when/time/to", when(time={"to": "9999-12-31"})),
    ("never", "/0/when/time", when(time={"from": "2026-12-24", "to": "2026-12-23"})),
    ("never", "/0/when/time", when(time={"from": "2026-12-24", "to": "2026-12-24", "weekdays": ["monday"]})),
    ("no-queue", "/0/then/queue", then(queue="två ord")),
    ("no-queue", "/0/then/overflow/0/queue", then(overflow=[{"after": 5, "queue": 7}])),
    ("no-text", "/0/then/checklist", then(checklist=7)),
    ("no-level", "/0/then/skills", then(skills=["skola=9"])),
    ("one-way", "/0/then/rings/0", then(rings=[{"after": 5, "drop": ["a"], "level_minus": 1}])),
    ("one-way", "/0/then/rings/0", then(rings=[{"after": 5}])),
    ("changes-nothing", "/0/then/overflow/0", then(overflow=[{"after": 5}])),
    ("same-time", "/0/then/overflow", then(overflow=[{"after": n, "priority": "low"} for n in (60, "1 minut")])),
    ("keeps-protected", "/0/then/rings/0/drop", then(rings=[{"after": 5, "drop": ["protected"]}])),
    ("yields-to-nobody", "/0/yields_to", {**then(dwell=5), "yields_to": ["later"]}),
]
BELOW: list[tuple[str, str, list[Any]]] = [
    ("too-many", f"/{MOST_RULES}", [*({**then(dwell=5), "name": f"r{n}"} for n in range(MOST_RULES)), OTHERWISE]),
    ("must-state", "/1/otherwise", [then(dwell=5), {"otherwise": {"priority": "low"}}]),
    ("no-otherwise", "/1", [then(dwell=5), then(dwell=6)]),
    ("no-otherwise", "/0", []),
    ("no-name", "/1/name", [then(dwell=5), then(dwell=6), OTHERWISE]),
    ("dead", "/1/then/dwell", [then(dwell=5), {**when(unit=["gata"]), "name": "s"}, OTHERWISE]),
    ("overlap", "/1/then/dwell", [
        {"name": "a", "when": {"unit": ["gata"]}, "then": {"dwell": 1}},
        {"name": "b", "when": {"follows": True}, "then": {"dwell": 2}},
        OTHERWISE,
    ]),
]  # fmt: skip
EVERY = [(code, pointer, [row, OTHERWISE]) for code, pointer, row in ROWS] + BELOW


@pytest.mark.parametrize(("code", "pointer", "rows"), EVERY)
def test_each_kind_of_fault_is_named_at_its_place_in_both_languages(code: str, pointer: str, rows: list[Any]):
    found = {(fault.code, fault.pointer): fault for fault in faults_of(rows, KNOWN)}
    assert (code, pointer) in found
    fault = found[code, pointer]
    assert "{" not in fault.english.replace("{who}", "").replace("{unit}", "").partition("known are")[0]
    assert fault.swedish != fault.english
    assert (fault.english + fault.pointer).encode()


def test_there_is_no_kind_of_fault_that_is_not_tried():
    assert {code for code, _, _ in EVERY} == set(TEXTS)


def test_a_file_with_every_kind_of_fault_at_once_is_refused_with_all_of_them():
    bad = [row | {"name": f"r{n}"} if isinstance(row, dict) else row for n, (_, _, row) in enumerate(ROWS)]
    nameless = {"when": {}, "then": {"dwell": 5}}
    rows = [*BELOW[-1][2][:2], *bad, nameless, *({**then(dwell=5), "name": f"more{n}"} for n in range(MOST_RULES)), {}]
    with pytest.raises(RuleTableError) as refused:
        compile_table("1", rows, strict=True, known=KNOWN)
    # The last row is one thing or the other: it is not `otherwise`, or it lacks something.
    assert {fault.code for fault in refused.value.faults} == set(TEXTS) - {"must-state"}
    assert [fault.row for fault in refused.value.faults] == sorted(fault.row for fault in refused.value.faults)


@pytest.mark.parametrize("rows", [[None], [[]], [1, 2], [{"name": 1, "when": 2, "then": 3}, {"otherwise": None}]])
def test_whatever_is_given_is_refused_and_nothing_breaks(rows: list[Any]):
    assert faults_of(rows)


def test_an_overlap_says_for_whom_and_how_to_mend_it():
    rows: list[dict[str, Any]] = [
        {"name": "maskiner väntar", "when": {"automatic": True}, "then": {"priority": "low"}},
        {"name": "mejl", "when": {"channel": ["email"]}, "then": {"priority": "normal"}},
        OTHERWISE,
    ]
    (fault,) = faults_of(rows)
    assert "automatic mails" in fault.english
    assert "automatiska mejl" in fault.swedish
    assert 'yields_to: ["maskiner väntar"]' in fault.swedish
    assert not faults_of([rows[0], {**rows[1], "yields_to": ["maskiner väntar"]}, OTHERWISE])
    exception = {"name": "båda", "when": {"automatic": True, "channel": ["email"]}, "then": {"priority": "low"}}
    assert not faults_of([exception, *rows]), "a rule for just these, above both"
    compile_table("old", rows)


def test_all_that_overlap_are_told_of_at_once():
    above = [
        {"name": "maskiner", "when": {"automatic": True}, "then": {"priority": "low"}},
        {"name": "svar", "when": {"follows": True}, "then": {"dwell": 60}},
    ]
    below = {"name": "mejl", "when": {"channel": ["email"]}, "then": {"priority": "normal", "dwell": 5}}
    (fault,) = faults_of([*above, below, OTHERWISE])
    assert fault.english.startswith(
        "priority, dwell is stated by maskiner, svar too, for instance for automatic mails;"
    )
    assert 'yields_to: ["maskiner", "svar"]' in fault.english
    (fault,) = faults_of([*above, {**below, "yields_to": ["svar"]}, OTHERWISE])
    assert 'yields_to: ["svar", "maskiner"]' in fault.swedish


@pytest.mark.parametrize(
    ("uppers", "lower", "dead"),
    [
        ([{"automatic": True}, {"automatic": False}], {}, True),
        ([{"channel": ["phone", "visit"]}, {"channel": ["email"]}, {"channel": ["e_service"]}], {}, True),
        ([{"channel": ["phone", "visit"]}, {"channel": ["email"]}], {}, False),
        ([{"channel": ["phone"], "automatic": True}, {"automatic": False}], {"channel": ["phone"]}, True),
        ([{"channel": ["phone"], "automatic": True}, {"channel": ["email"], "automatic": False}], {}, False),
        ([{"unit": ["gata"], "follows": True}, {"follows": False}], {"unit": ["gata"]}, True),
        ([{"unit": ["gata"], "follows": True}, {"follows": False}], {}, False),
        ([{"unit": ["gata"]}, {"unit": ["bostad"]}], {"unit": ["gata", "bostad"]}, True),
    ],
)  # fmt: skip
def test_rules_that_hide_one_together(uppers: list[dict[str, Any]], lower: dict[str, Any], dead: bool):
    rows = [{"name": f"u{n}", "when": each, "then": {"dwell": n}} for n, each in enumerate(uppers)]
    last = {"name": "l", "when": lower, "then": {"dwell": 99}, "yields_to": [row["name"] for row in rows]}
    faults = [fault for fault in faults_of([*rows, last, OTHERWISE]) if fault.rule == "l"]
    assert [fault.code for fault in faults] == (["dead"] if dead else [])
    assert all("u0" in fault.english and "u1" in fault.english for fault in faults)


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ({"channel": ["email"], "automatic": True}, {"channel": ["email"]}),
        ({"automatic": True, "channel": ["email"]}, {"automatic": False}),
        ({"unit": ["gata"]}, {"unit": ["bostad"]}),
        ({"time": {"hours": ["08:00-12:00"]}}, {"time": {"hours": ["12:00-17:00"]}}),
    ],
)
def test_exceptions_and_rules_that_never_meet_do_not_overlap(upper: dict[str, Any], lower: dict[str, Any]):
    rows = [
        {"name": "a", "when": upper, "then": {"priority": "low"}},
        {"name": "b", "when": lower, "then": {"priority": "high"}},
        OTHERWISE,
    ]
    assert not faults_of(rows)


def test_rules_that_say_the_same_and_skills_that_add_up_do_not_overlap():
    a = {"name": "a", "when": {"automatic": True}, "then": {"priority": "low", "skills": ["x"]}}
    b = {"name": "b", "when": {"follows": True}, "then": {"priority": "low", "skills": ["y"]}}
    assert not faults_of([a, b, OTHERWISE])


@pytest.mark.parametrize(
    ("queue", "made"), [("bostad", True), ("{case_unit}", True), ("{unit}", True), ("rymden", False)]
)
def test_a_queue_is_made_by_the_rule_whose_places_may_become_it(queue: str, made: bool):
    rows = [then(queue="{unit}", overflow=[{"after": 60, "queue": queue}]), OTHERWISE]
    assert (not faults_of(rows, KNOWN)) is made


def test_the_first_table_can_be_published():
    assert not faults_of(FIRST_TABLE, Known(frozenset(), frozenset(), frozenset(), frozenset(), frozenset()))


def test_the_first_table_widens_the_ring_calls_back_and_keeps_the_protected_apart():
    table = compile_table("1", FIRST_TABLE, strict=True)
    call = Facts(Channel.PHONE, "vaxel", "bostad", MONDAY_AT_NINE, flags=frozenset({"protected_identity"}))
    decision = table.decide(call)
    assert (decision.queue, decision.priority, decision.skills) == ("bostad", Priority.HIGH, ("bostad", "protected"))
    assert [(s.after, s.skills, s.reserves, s.offer_return_call) for s in decision.steps] == [
        (60, ("protected",), False, False),
        (180, ("protected",), True, False),
        (240, ("protected",), True, True),
    ]
    assert decision.dwell_seconds == 20


def test_by_the_first_table_what_is_not_taken_over_waits_apart_and_asks_for_no_skill():
    table = compile_table("1", FIRST_TABLE, strict=True)
    mail, call = (
        table.decide(Facts(channel, "vaxel", "bostad", MONDAY_AT_NINE, taken_over=TakenOver.NOT))
        for channel in (Channel.EMAIL, Channel.PHONE)
    )
    assert (mail.queue, mail.skills, mail.dwell_seconds) == ("ej-overtagen", (), 1800)
    assert mail.due_at is not None
    assert (mail.due_at - MONDAY_AT_NINE).total_seconds() == 4 * 3600
    assert (call.queue, call.skills, call.priority) == ("ej-overtagen", (), Priority.HIGH)


def test_by_the_first_table_old_mail_waits_for_those_who_are_set_to_it_alone():
    table = compile_table("1", FIRST_TABLE, strict=True)
    for taken in TakenOver:
        old = Facts(Channel.EMAIL, "vaxel", "bostad", MONDAY_AT_NINE, flags=frozenset({"quiet"}), taken_over=taken)
        decision = table.decide(old)
        assert (decision.queue, decision.priority) == ("gammal-post", Priority.LOW)
        assert "gammal-post" in decision.skills


def test_the_table_that_the_description_begins_with_can_be_published():
    text = (Path(__file__).parents[3] / "docs/rules.md").read_text(encoding="utf-8")
    rows = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    assert not faults_of(rows, Known(units=frozenset({"bostadsbolag"})))
    for name in (*CONDITIONS, *EFFECTS):
        assert f"`{name}" in text


def test_a_table_of_an_earlier_release_goes_on_working():
    rows = [
        {"name": "machines", "when": {"automatic": True}, "then": {"priority": "low"}},
        {"name": "people", "when": {"channel": ["phone", "visit"]}, "then": {"priority": "high"}},
        {"name": "gone", "when": {"unit": ["rymden"]}, "then": {"queue": "rymden"}},
        {"name": "hidden", "when": {"automatic": True, "follows": True}, "then": {"priority": "normal"}},
        {"otherwise": {"queue": "{unit}", "priority": "normal"}},
    ]
    assert {fault.code for fault in faults_of(rows, KNOWN)} == {"dead", "overlap", "unknown-name"}
    call = Facts(Channel.PHONE, "vaxel", "bostad", MONDAY_AT_NINE)
    assert compile_table("000001", rows).decide(call).priority is Priority.HIGH
