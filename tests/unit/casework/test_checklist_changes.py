"""What differs between two versions of a checklist."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain.checklist import Checklist, End, Option, Step
from services.casework.domain.checklist_changes import How, changes, words
from services.casework.domain.checklist_edits import move_step
from shared.vocabulary import Outcome, StepType
from tests.support.any_checklist import TEXT, checklists


def step(name: str, text: str = "", **facts: Any) -> Step:
    return replace(Step(name, StepType.ASK, text or f"Fråga {name}", "klart"), **facts)


OLD = Checklist(
    "a",
    "ct-1",
    (step("s1", "Fråga efter adressen."), step("s2"), step("s3")),
    (End("klart", Outcome.CLOSE, "lost_av_kc"),),
    params={"gammal": "1"},
)


def test_a_changed_text_is_said_word_by_word():
    new = replace(OLD, steps=(step("s1", "Fråga alltid efter adressen!"), *OLD.steps[1:]))
    (found,) = changes(OLD, new).steps
    assert (found.how, found.was, found.now, found.moved) == (How.CHANGED, 1, 1, False)
    (text,) = found.changes
    assert [(part.how, part.text) for part in text.words] == [
        (How.SAME, "Fråga"),
        (How.ADDED, " alltid"),
        (How.SAME, " efter adressen"),
        (How.REMOVED, "."),
        (How.ADDED, "!"),
    ]


def test_what_was_added_removed_and_moved_stands_where_one_looks_for_it():
    new = replace(OLD, steps=(OLD.steps[2], OLD.steps[0], step("s9")), params={"ny": ""}, legal_note="Ny lag.")
    found = changes(OLD, new)
    assert [(one.id, one.how, one.was, one.now) for one in found.steps] == [
        ("s3", How.MOVED, 3, 1),
        ("s2", How.REMOVED, 2, None),
        ("s9", How.ADDED, None, 3),
    ]
    assert (found.params_added, found.params_removed) == (("ny",), ("gammal",))
    assert [one.name for one in found.fields] == ["legal_note"]


def test_an_answer_that_leads_elsewhere_and_an_end_that_is_another_are_changes():
    asked = step("s1", goto=None, options=(Option("ja", "s2"), Option("nej", "klart")))
    old = replace(OLD, steps=(asked, *OLD.steps[1:]))
    new = replace(
        old,
        steps=(replace(asked, options=(Option("ja", "s3"), Option("nej", "klart")), obligatory=True), *OLD.steps[1:]),
        ends=(replace(OLD.ends[0], message="Allt är bra."),),
    )
    found = changes(old, new)
    assert {one.name for one in found.steps[0].changes} == {"options", "obligatory"}
    assert [one.changes[0].name for one in found.ends] == ["message"]


@given(checklists())
def test_nothing_differs_from_itself(checklist: Checklist):
    assert not changes(checklist, replace(checklist, version=7))


@given(TEXT, TEXT)
def test_both_texts_can_be_read_out_of_the_words(old: str, new: str):
    found = words(old, new)
    assert "".join(one.text for one in found if one.how is not How.ADDED) == old
    assert "".join(one.text for one in found if one.how is not How.REMOVED) == new


@given(checklists(), checklists())
def test_every_part_that_differs_is_there_once(old: Checklist, new: Checklist):
    found = changes(old, new)
    names = [one.id for one in found.steps]
    assert len(names) == len(set(names))
    before, after = ({one.id: one for one in each.steps} for each in (old, new))
    assert {one.id for one in found.steps if one.how is How.ADDED} == set(after) - set(before)
    assert {one.id for one in found.steps if one.how is How.REMOVED} == set(before) - set(after)
    differ = {name for name in set(before) & set(after) if before[name] != after[name]}
    assert {one.id for one in found.steps if one.how is How.CHANGED} == differ


@given(checklists(whole=True), st.integers(0, 6), st.integers(0, 6))
def test_one_step_that_was_moved_is_one_that_has_moved(checklist: Checklist, at: int, to: int):
    moved = move_step(checklist, at, to)
    found = changes(checklist, moved).steps
    assert len(found) == int(moved.steps != checklist.steps)
    assert all(one.how is How.MOVED for one in found)
