"""What the buttons of the editor's form do, and where the page lands after them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain.checklist import Checklist, Done, End, Option, Run, Step
from services.casework.web.editor_more import walked
from services.casework.web.editor_write import do
from shared.vocabulary import Outcome, StepType
from tests.support.any_checklist import checklists

LIST = Checklist(
    "a",
    "ct-1",
    (
        Step("s1", StepType.ASK, "Ett?", None, (Option("ja", "s2"), Option("nej", "klart"))),
        Step("s2", StepType.INFORM, "Två.", "klart"),
    ),
    (End("klart", Outcome.CLOSE, "lost_av_kc"), End("lamna", Outcome.HANDOVER, to="Någon")),
)


@pytest.mark.parametrize(
    ("deed", "steps", "ends", "place"),
    [
        ("save", "s1 s2", "klart lamna", ""),
        ("step-add:1", "s1 s3 s2", "klart lamna", "steps-1"),
        ("step-up:1", "s2 s1", "klart lamna", "steps-0"),
        ("step-up:0", "s1 s2", "klart lamna", "steps-0"),
        ("step-down:0", "s2 s1", "klart lamna", "steps-1"),
        ("step-to:1:0", "s2 s1", "klart lamna", "steps-0"),
        ("step-copy:0", "s1 s3 s2", "klart lamna", "steps-1"),
        ("step-remove:1", "s1", "klart lamna", "steps-0"),
        ("option-add:0", "s1 s2", "klart lamna", "steps-0-options-2"),
        ("option-up:0:1", "s1 s2", "klart lamna", "steps-0-options-0"),
        ("option-remove:0:1", "s1 s2", "klart lamna", "steps-0"),
        ("end-add:switch", "s1 s2", "klart lamna byt1", "ends-2"),
        ("end-up:1", "s1 s2", "lamna klart", "ends-0"),
        ("end-remove:1", "s1 s2", "klart", "ends-0"),
        ("nonsense", "s1 s2", "klart lamna", ""),
    ],
)
def test_a_button_does_what_it_says_and_the_page_lands_there(deed: str, steps: str, ends: str, place: str):
    made, landed = do(LIST, deed)
    assert " ".join(step.id for step in made.steps) == steps
    assert " ".join(end.id for end in made.ends) == ends
    assert landed == place


NAMES = st.sampled_from(
    ["step-add", "step-to", "step-remove", "option-add", "option-remove", "end-remove", "end-up", "x"]
)
NUMBERS = st.sampled_from(["0", "7", "-1", "", "x", "²", "99999999999"])


@given(checklists(), NAMES, st.lists(NUMBERS, max_size=3))
def test_no_button_falls_over_what_is_not_there(checklist: Checklist, name: str, numbers: list[str]):
    made, _ = do(checklist, ":".join([name, *numbers]))
    assert len({step.id for step in made.steps}) == len(made.steps)


def test_an_address_is_a_walk_as_far_as_there_is_a_way():
    assert walked(LIST, "1.0").end == LIST.ends[0]
    assert walked(LIST, "2.1.1").end == LIST.ends[0]
    assert walked(LIST, "3").here == "s1"
    assert walked(LIST, "").done == ()


@given(checklists(whole=True), st.lists(st.integers(0, 4), max_size=9))
def test_a_walk_by_its_address_is_the_walk_of_an_agent(checklist: Checklist, answers: list[int]):
    run = walked(checklist, ".".join(map(str, answers)))
    again = Run(checklist)
    for done in run.done:
        again = again.answer(Done(done.step, done.option, reference="4.2"))
    assert again.here == run.here
