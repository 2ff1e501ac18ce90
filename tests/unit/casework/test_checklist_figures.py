"""Where runs stop: at the step that was next when the case ended, at none when the walk came to its end."""

from services.casework.domain.checklist import Checklist, End, Option, Step
from services.casework.domain.checklist_figures import Answered, Sums, steps_of
from shared.vocabulary import Outcome, StepType

LIST = Checklist(
    id="c",
    case_type="t",
    version=1,
    owner_role="r",
    steps=(
        Step(id="a", type=StepType.ASK, text="A", options=(Option("ja", "b"), Option("nej", "end"))),
        Step(id="b", type=StepType.DO, text="B", goto="end"),
    ),
    ends=(End(id="end", kind=Outcome.CLOSE),),
)


def test_a_run_stops_at_the_step_that_was_next_and_nowhere_when_it_came_to_its_end():
    answers = [
        Answered("a", "ja", done=6, last=2),  # two ended with B before them
        Answered("a", "nej", done=3, last=3),  # came to the end
        Answered("b", None, done=4, last=4),
        Answered("gone", None, done=1, last=1),  # a step that this version does not have
    ]
    first, second = steps_of(LIST, answers, ended=12, wrong={"b": 2, "gone": 1})
    assert (first.number, first.done, first.stopped, first.wrong) == (1, 9, 2, 0)  # 12 - 10 never began
    assert (second.number, second.done, second.stopped, second.wrong) == (2, 4, 2, 2)


def test_a_share_says_nothing_of_nothing_and_a_mean_nothing_of_few():
    few = Sums(cases=4, ended=4, closed=1, seconds=400)
    assert (few.handling_mean, few.returned_share, few.closed_share) == (None, None, 0.25)
    both = few + Sums(cases=2, ended=1, sent=2, returned=1, seconds=100, wrong=1)
    assert (both.cases, both.handling_mean, both.returned_share, both.wrong) == (6, 100.0, 0.5, 1)
