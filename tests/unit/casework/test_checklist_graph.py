"""Drawing a checklist."""

from itertools import pairwise

from hypothesis import given

from services.casework.domain.checklist import Checklist, End, Option, Step
from services.casework.domain.checklist_graph import HEIGHT, WIDTH, back_ways, graph, layers, ways
from shared.vocabulary import Outcome, StepType
from tests.support.any_checklist import checklists


def step(name: str, *ways_on: str) -> Step:
    if len(ways_on) == 1:
        return Step(name, StepType.ASK, f"Fråga {name}", ways_on[0])
    return Step(name, StepType.ASK, f"Fråga {name}", None, tuple(Option(f"till {way}", way) for way in ways_on))


def made(*steps: Step, ends: tuple[str, ...] = ("klart",)) -> Checklist:
    return Checklist("a", "ct-1", steps, tuple(End(name, Outcome.CLOSE, "lost_av_kc") for name in ends))


LIST = made(step("s1", "s2", "s3", "klart"), step("s2", "s3"), step("s3", "s1", "klart"), step("s4", "klart"))


def test_a_step_stands_below_all_that_lead_to_it_and_the_ends_at_the_bottom():
    assert layers(LIST) == {"s1": 0, "s2": 1, "s3": 2, "s4": 3, "klart": 4}
    assert back_ways(LIST) == {("s3", "s1")}
    drawn = graph(LIST)
    assert [(box.id, box.reached) for box in drawn.boxes] == [
        ("s1", True),
        ("s2", True),
        ("s3", True),
        ("s4", False),
        ("klart", True),
    ]
    assert [(line.start, line.end) for line in drawn.lines if line.back] == [("s3", "s1")]


def test_several_answers_to_one_place_are_one_way():
    both = Step("s1", StepType.ASK, "?", None, (Option("ja", "klart"), Option("nej", "klart"), Option("", "nowhere")))
    assert ways(made(both)) == (("s1", "klart", "ja / nej"),)


def test_a_text_that_does_not_fit_is_cut_where_one_sees_it():
    long = made(Step("s1", StepType.ASK, "Förvaltningslagsparagrafsöverklagande " + "ord " * 60, "klart"))
    lines = graph(long).boxes[0].lines
    assert len(lines) == 3
    assert all(len(line) <= 25 for line in lines)
    assert lines[0].endswith("…")
    assert lines[2].endswith("…")


def test_an_empty_checklist_is_an_empty_drawing():
    assert graph(Checklist("a", "ct-1", (), ())).boxes == ()


def test_a_thousand_steps_in_a_row_and_back_are_drawn():
    names = [f"s{number}" for number in range(300)]
    rows = [Step(name, StepType.ASK, name, following) for name, following in pairwise([*names, "s0"])]
    assert back_ways(made(*rows)) == {("s299", "s0")}


@given(checklists())
def test_boxes_never_lie_on_each_other_and_everything_is_inside(checklist: Checklist):
    drawn = graph(checklist)
    assert {box.id for box in drawn.boxes} == {one.id for one in checklist.steps} | {one.id for one in checklist.ends}
    for box in drawn.boxes:
        assert 0 <= box.x - WIDTH // 2 < box.x + WIDTH // 2 <= drawn.width
        assert 0 <= box.y < box.y + HEIGHT <= drawn.height
        for other in drawn.boxes:
            apart = abs(box.x - other.x) >= WIDTH or abs(box.y - other.y) >= HEIGHT
            assert box is other or apart
    for line in drawn.lines:
        assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in line.corners)


@given(checklists())
def test_every_way_is_drawn_once_and_leads_down_unless_it_leads_back(checklist: Checklist):
    drawn = graph(checklist)
    assert sorted((line.start, line.end) for line in drawn.lines) == sorted(way[:2] for way in ways(checklist))
    for line in drawn.lines:
        if not line.back:
            assert all(upper[1] < lower[1] for upper, lower in pairwise(line.corners))
