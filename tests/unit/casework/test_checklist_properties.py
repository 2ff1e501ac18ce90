"""What holds of every checklist that may be published, and of every walk through it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain.checklist import (
    Back,
    Checklist,
    Done,
    End,
    Option,
    Run,
    Step,
    problems,
    replayed,
)
from services.casework.domain.ending import Ending, owed
from services.casework.store.bodies import body_of, checklist_from
from shared.vocabulary import Outcome, StepType

BEGAN = datetime(2026, 11, 30, 9, tzinfo=UTC)


@st.composite
def checklists(draw: st.DrawFn, name: str = "a", version: int = 1) -> Checklist:
    """A checklist that could be published: steps may lead back as well as on, and some are obligatory or decisions."""
    count = draw(st.integers(1, 7))
    ids, ends = [f"s{number}" for number in range(1, count + 1)], ["klart", "vidare"]
    steps = []
    for number, here in enumerate(ids):
        on = ids[number + 1] if number + 1 < count else "klart"
        others = draw(st.lists(st.sampled_from([*ids, *ends]), max_size=3))
        ways = draw(st.permutations([on, *others]))
        options = tuple(Option(f"svar {place}", way) for place, way in enumerate(ways)) if others else ()
        delegation = draw(st.booleans())
        kind = StepType.DECIDE if delegation else draw(st.sampled_from(StepType))
        plain = Step(here, kind, f"Text {here}", None if options else on, options, draw(st.booleans()))
        steps.append(replace(plain, delegation=delegation))
    reached = {way for step in steps for way in step.ways()}
    made = tuple(End(end, Outcome.CLOSE, resolution="lost_av_kc") for end in ends if end in reached)
    found = Checklist(name, "ct-1", tuple(steps), made, version)
    assert problems(found) == ()
    return found


@st.composite
def deeds(draw: st.DrawFn, checklist: Checklist) -> list[Done | Back]:
    """What was done in a run, in order: answers to the step that is next, and steps taken back."""
    done: list[Done | Back] = []
    run = Run(checklist)
    for turn in range(draw(st.integers(0, 25))):
        at = BEGAN + timedelta(minutes=turn)
        if run.done and (run.end or draw(st.integers(0, 4)) == 0):
            deed: Done | Back = Back(run.done[-1].step, "per", at)
        else:
            step = checklist.step(run.here or "")
            assert step is not None
            label = draw(st.sampled_from(step.options)).label if step.options else None
            deed = Done(step.id, label, "", draw(st.sampled_from(["maria", "per"])), at, "4.2")
        done.append(deed)
        run = replayed(checklist, done)
    return done


def step_of(run: Run) -> Step:
    step = run.checklist.step(run.here or "")
    assert step is not None
    return step


def walked(checklist: Checklist, data: st.DataObject) -> Run:
    return replayed(checklist, data.draw(deeds(checklist)))


@given(checklists(), st.data())
def test_from_every_state_an_end_can_be_reached(checklist: Checklist, data: st.DataObject):
    run = walked(checklist, data)
    for _ in range(len(checklist.steps)):
        if run.end:
            break
        step = step_of(run)
        nearest = min(range(len(step.ways())), key=lambda way: _far(checklist, step.ways()[way]))
        label = step.options[nearest].label if step.options else None
        run = run.answer(Done(step.id, label, reference="4.2"))
    assert run.end is not None
    assert owed(run, Ending.CLOSE) == ()  # at an end nothing obligatory lies ahead


def _far(checklist: Checklist, start: str) -> int:
    """How many steps lie between a place and the nearest end."""
    ahead, far = {start}, 0
    while not any(checklist.end(place) for place in ahead):
        ahead = {way for place in ahead if (step := checklist.step(place)) for way in step.ways()}
        far += 1
    return far


@given(checklists(), st.data())
def test_a_run_replayed_from_what_was_done_is_the_same_run(checklist: Checklist, data: st.DataObject):
    done = data.draw(deeds(checklist))
    run = Run(checklist)
    for deed in done:
        run = run.back() if isinstance(deed, Back) else run.answer(deed)
    assert replayed(checklist, done) == run
    assert replayed(checklist, run.done) == run  # what was taken back has left nothing
    stored = orjson.loads(orjson.dumps(body_of(checklist)))
    assert replayed(checklist_from(stored, checklist.version), done) == run


@given(checklists(version=1), checklists(version=2), st.data())
def test_an_edited_version_never_changes_a_running_one(old: Checklist, new: Checklist, data: st.DataObject):
    kept = {old.version: orjson.dumps(body_of(old))}
    done: Sequence[Done | Back] = data.draw(deeds(old))
    before = replayed(old, done)
    kept[new.version] = orjson.dumps(body_of(new))
    after = replayed(checklist_from(orjson.loads(kept[old.version]), old.version), done)
    assert (after, after.here, after.open_obligatory()) == (before, before.here, before.open_obligatory())


@given(checklists(), st.data())
def test_one_step_back_and_the_same_answer_is_the_same_run(checklist: Checklist, data: st.DataObject):
    run = walked(checklist, data)
    if run.done:
        assert run.back().answer(run.done[-1]) == run
    if run.end is None:
        step = step_of(run)
        label = data.draw(st.sampled_from(step.options)).label if step.options else None
        assert run.answer(Done(step.id, label, reference="4.2")).back() == run
