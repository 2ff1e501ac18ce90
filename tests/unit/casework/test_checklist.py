"""The walk through a checklist and what can be wrong with one."""

import pytest

from services.casework.domain.checklist import (
    Checklist,
    Done,
    End,
    NothingToUndoError,
    Option,
    Run,
    Step,
    StepNotNextError,
    UnknownOptionError,
    problems,
)
from shared.vocabulary import Outcome, StepType


def _step(name: str, *ways: tuple[str, str], goto: str | None = None, obligatory: bool = False) -> Step:
    options = tuple(Option(label, where) for label, where in ways)
    return Step(name, StepType.ASK, f"Fråga {{namn}} i {name}", goto, options, obligatory)


def _list(*steps: Step, ends: tuple[str, ...] = ("klart",), params: dict[str, str] | None = None) -> Checklist:
    made = tuple(End(name, Outcome.CLOSE, resolution="lost_av_kc") for name in ends)
    return Checklist("a", "ct-1", steps, made, params={"namn": ""} if params is None else params)


TWO_WAYS = _list(
    _step("s1", ("ja", "s2"), ("nej", "s3")),
    _step("s2", goto="klart", obligatory=True),
    _step("s3", goto="s4"),
    _step("s4", goto="klart"),
)


def test_a_run_begins_at_the_first_step_and_follows_the_answers():
    run = Run(TWO_WAYS)
    assert run.here == "s1"
    run = run.answer(Done("s1", "nej")).answer(Done("s3"))
    assert (run.here, run.end) == ("s4", None)
    run = run.answer(Done("s4"))
    assert run.end is not None
    assert run.end.id == "klart"


def test_the_same_step_cannot_be_done_twice_nor_one_out_of_turn_nor_an_end():
    run = Run(TWO_WAYS).answer(Done("s1", "ja"))
    for step in ("s1", "s3", "klart", "", "nothing"):
        with pytest.raises(StepNotNextError):
            run.answer(Done(step))
    with pytest.raises(StepNotNextError):
        run.answer(Done("s2")).answer(Done("klart"))


@pytest.mark.parametrize("answer", ["ja", " ja ", "1"])
def test_an_answer_is_a_label_or_a_number(answer: str):
    assert Run(TWO_WAYS).answer(Done("s1", answer)).done[-1].option == "ja"


@pytest.mark.parametrize("answer", [None, "", "0", "3", "JA", "²"])
def test_anything_else_is_no_answer(answer: str | None):
    with pytest.raises(UnknownOptionError):
        Run(TWO_WAYS).answer(Done("s1", answer))


def test_a_step_without_answers_takes_none():
    assert Run(TWO_WAYS).answer(Done("s1", "ja")).answer(Done("s2", "jodå")).done[-1].option is None


def test_one_can_go_back_to_the_beginning_and_no_further():
    run = Run(TWO_WAYS).answer(Done("s1", "ja")).back()
    assert run.here == "s1"
    with pytest.raises(NothingToUndoError):
        run.back()


def test_an_obligatory_step_is_open_while_it_lies_ahead():
    run = Run(TWO_WAYS)
    assert [step.id for step in run.open_obligatory()] == ["s2"]
    assert not run.answer(Done("s1", "nej")).open_obligatory()
    assert not run.answer(Done("s1", "ja")).answer(Done("s2")).open_obligatory()


def test_known_params_are_filled_in_and_unknown_ones_stay():
    one = _list(_step("s1", ("upp till {grader}", "klart")), params={"namn": "Olle", "grader": ""})
    assert one.fill("{namn} har {grader} och {annat}") == "Olle har {grader} och {annat}"
    filled = _list(_step("s1", ("upp till {grader}", "klart")), params={"grader": "20"})
    assert Run(filled).answer(Done("s1", "upp till 20")).done[-1].option == "upp till {grader}"


def test_the_local_facts_of_a_unit_come_before_what_a_checklist_says_and_an_empty_one_does_not():
    one = _list(_step("s1", goto="klart"), params={"grader": "18", "namn": "Olle"})
    known = one.with_facts({"grader": "20", "namn": "", "jour": "123"}).params
    assert known == {"grader": "20", "namn": "Olle", "jour": "123"}
    assert one.with_facts({"namn": ""}) == one


def test_a_sound_checklist_has_no_problems():
    assert problems(TWO_WAYS) == ()


@pytest.mark.parametrize(
    ("checklist", "path"),
    [
        (_list(), ("steps",)),
        (_list(_step("s1")), ("steps", 0)),
        (_list(_step("s1", goto="borta")), ("steps", 0, "goto")),
        (_list(_step("s1", ("ja", "klart"), ("nej", "borta"))), ("steps", 0, "options", 1, "goto")),
        (_list(_step("s1", goto="klart"), _step("s2", goto="klart")), ("steps", 1)),
        (_list(_step("s1", goto="klart"), ends=("klart", "onåbart")), ("ends", "onåbart")),
        (_list(_step("s1", ("ja", "klart"), ("nej", "s2")), _step("s2", goto="s2")), ("steps", 1)),
        (_list(_step("s1", goto="klart"), params={}), ("steps", 0, "text")),
    ],
)
def test_what_would_strand_an_agent_is_found_at_its_place(checklist: Checklist, path: tuple[str | int, ...]):
    assert path in [problem.path for problem in problems(checklist)]
