"""Editing a checklist one deed at a time."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain import checklist_edits as edits
from services.casework.domain.checklist import Checklist, End, Option, Step
from shared.vocabulary import Outcome, StepType
from tests.support.any_checklist import checklists

AT = st.integers(-1, 8)


def step(name: str, *ways: str, goto: str | None = None) -> Step:
    options = tuple(Option(f"till {way}", way) for way in ways)
    return Step(name, StepType.ASK, f"Fråga {name}", goto, options)


LIST = Checklist(
    "a",
    "ct-1",
    (step("s1", "s2", "s3"), step("s2", goto="s3"), step("s3", goto="klart1")),
    (End("klart1", Outcome.CLOSE, "lost_av_kc"),),
)


def ids(checklist: Checklist) -> list[str]:
    return [one.id for one in checklist.steps]


def test_a_new_step_is_led_to_by_the_one_before_and_leads_on_to_where_that_led():
    made = edits.add_step(LIST, 2)
    assert ids(made) == ["s1", "s2", "s4", "s3"]
    assert (made.steps[1].goto, made.steps[2].goto) == ("s4", "s3")
    after_a_choice = edits.add_step(LIST, 1)
    assert after_a_choice.steps[1].goto is None
    assert after_a_choice.steps[0] == LIST.steps[0]
    assert edits.add_step(LIST, 0).steps[0].goto == "s1"
    assert edits.add_step(Checklist("a", "ct-1", (), ()), 5).steps == (Step("s1", StepType.ASK, ""),)


def test_what_led_to_a_step_that_is_gone_leads_to_where_that_led_or_nowhere():
    made = edits.remove_step(LIST, 1)
    assert [option.goto for option in made.steps[0].options] == ["s3", "s3"]
    loop = replace(LIST, steps=(step("s1", goto="s2"), *LIST.steps[1:]))
    assert edits.remove_step(edits.remove_step(loop, 1), 1).steps[0].goto == "klart1"
    round_again = replace(LIST, steps=(step("s0", goto="s1"), *LIST.steps))
    assert edits.remove_step(round_again, 1).steps[0].goto is None
    assert edits.remove_end(LIST, 0).steps[2].goto is None


def test_a_double_has_an_id_of_its_own_and_is_the_same_otherwise():
    made = edits.copy_step(LIST, 0)
    assert ids(made) == ["s1", "s4", "s2", "s3"]
    assert replace(made.steps[1], id="s1") == LIST.steps[0]


def test_answers_are_added_moved_and_taken_away():
    made = edits.add_option(LIST, 1)
    assert (made.steps[1].goto, made.steps[1].options) == (None, (Option("", "s3"),))
    assert edits.add_option(made, 1).steps[1].options[1] == Option("", "")
    assert edits.remove_option(made, 1, 0) == LIST
    swapped = edits.move_option(LIST, 0, 0, 1).steps[0].options
    assert [option.goto for option in swapped] == ["s3", "s2"]


def test_ends_are_added_by_kind_moved_and_taken_away():
    made = edits.add_end(edits.add_end(LIST, Outcome.HANDOVER), Outcome.CLOSE)
    assert [(end.id, end.resolution) for end in made.ends] == [
        ("klart1", "lost_av_kc"),
        ("lamna1", None),
        ("klart2", "lost_av_kc"),
    ]
    assert [end.id for end in edits.move_end(made, 2, 0).ends] == ["klart2", "klart1", "lamna1"]


@given(checklists(), AT, AT)
def test_moving_changes_nothing_but_the_order_and_back_again_is_as_before(checklist: Checklist, at: int, to: int):
    moved = edits.move_step(checklist, at, to)
    assert sorted(moved.steps, key=lambda one: one.id) == sorted(checklist.steps, key=lambda one: one.id)
    if 0 <= at < len(checklist.steps):
        there = moved.steps.index(checklist.steps[at])
        assert edits.move_step(moved, there, at) == checklist
    else:
        assert moved == checklist


@given(checklists(), AT, st.integers(-1, 4))
def test_no_deed_leads_to_what_is_not_there_or_makes_two_of_an_id(checklist: Checklist, at: int, number: int):
    for made in (
        edits.add_step(checklist, at),
        edits.copy_step(checklist, at),
        edits.remove_step(checklist, at),
        edits.add_option(checklist, at),
        edits.remove_option(checklist, at, number),
        edits.move_option(checklist, at, number, at),
        edits.remove_end(checklist, at),
        *(edits.add_end(checklist, kind) for kind in Outcome),
    ):
        names = [step.id for step in made.steps] + [end.id for end in made.ends]
        assert len(names) == len(set(names))
        assert {way for one in made.steps for way in one.ways()} <= {*names, ""}
