"""What is right in a run of practice, case by case."""

from services.casework.domain.checklist import Checklist, Done, End, Option, Run, Step
from services.casework.domain.practice import Deed, Good, judge, walk
from shared.vocabulary import Outcome, StepType

ASK = Step("s1", StepType.ASK, "Hur kallt är det?", options=(Option("kallt", "s2"), Option("varmt", "klart")))
NOTE = Step("s2", StepType.RECORD, "Anteckna {plats}.", goto="anmal", obligatory=True)
ENDS = (End("klart", Outcome.CLOSE, resolution="lost_av_kc"), End("anmal", Outcome.HANDOVER, to="Felanmälan"))
LIST = Checklist("kallt", "kallt-inne", (ASK, NOTE), ENDS, params={"plats": "rum"}, forbid=("diagnos",))
GOOD = Good("kallt-inne", "anmal", Outcome.HANDOVER, ("kallt",))
HANDED = Deed(Outcome.HANDOVER, "overlamnad")


def test_a_good_run_passes_and_its_way_can_be_shown():
    run = walk(LIST, GOOD.answers)
    assert [done.step for done in run.done] == ["s1", "s2"]
    assert run.end == ENDS[1]
    assert judge(GOOD, "kallt-inne", run, HANDED, "Ringde kl. 9").passed
    assert walk(LIST, ()).done == ()
    assert walk(LIST, ("finns inte",)).done == ()


def test_a_way_in_a_circle_comes_to_its_end():
    round_and_round = Checklist("c", "c", (Step("s1", StepType.ASK, "Om igen?", goto="s1"),), ENDS)
    assert len(walk(round_and_round, ()).done) == 2


def test_each_thing_that_is_wrong_is_told_alone():
    whole = walk(LIST, GOOD.answers)
    half = Run(LIST, (Done("s1", "kallt"),))
    other = judge(GOOD, "något-annat", whole, HANDED, "")
    assert (other.case_type, other.obligatory, other.end, other.passed) == (False, True, False, False)
    left = judge(GOOD, "kallt-inne", half, HANDED, "")
    assert (left.left, left.obligatory, left.end) == (("Anteckna rum.",), False, False)
    noted = judge(GOOD, "kallt-inne", whole, HANDED, "Har en diagnos, 19811218-9876")
    assert (noted.note, noted.unfit, noted.passed) == (False, ("personnummer", "diagnos"), False)
    assert not judge(GOOD, None, None, HANDED, "").passed


def test_the_end_must_be_the_right_one_and_be_done_as_it_says():
    closed = Run(LIST, (Done("s1", "varmt"),))
    solved, referred = Deed(Outcome.CLOSE, "lost_av_kc"), Deed(Outcome.CLOSE, "hanvisad_annan_part")
    wants_close = Good("kallt-inne", "klart", Outcome.CLOSE)
    assert judge(wants_close, "kallt-inne", closed, solved, "").passed
    assert not judge(wants_close, "kallt-inne", closed, referred, "").end
    assert not judge(wants_close, "kallt-inne", closed, HANDED, "").end
    assert not judge(GOOD, "kallt-inne", closed, solved, "").end


def test_a_version_without_that_end_asks_for_one_of_its_kind():
    renamed = Good("kallt-inne", "hette-förr", Outcome.HANDOVER, ("kallt",))
    assert judge(renamed, "kallt-inne", walk(LIST, ("kallt",)), HANDED, "").end
    assert not judge(renamed, "kallt-inne", walk(LIST, ("varmt",)), Deed(Outcome.CLOSE, "lost_av_kc"), "").end
