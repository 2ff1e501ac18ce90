from services.router.domain.rule_steps import Overflow, Ring, Step, opened, steps_of
from shared.vocabulary import Priority


def plain(text: str) -> str:
    return text.replace("{unit}", "bostad")


def steps(*rings: Ring, overflow: tuple[Overflow, ...] = (), skills: tuple[str, ...] = ("bostad=3", "lang:fi")):
    return steps_of(rings, overflow, skills, plain)


def test_a_ring_goes_on_from_where_the_one_before_it_came_to():
    found = steps(Ring(30, level_minus=1), Ring(60, drop=("{unit}",)), Ring(90, reserves=True))
    assert found == (
        Step(30, ("bostad=2", "lang:fi")),
        Step(60, ("lang:fi",)),
        Step(90, ("lang:fi",), reserves=True),
    )


def test_a_level_falls_no_lower_than_one():
    assert steps(Ring(30, level_minus=4))[0].skills == ("bostad", "lang:fi")


def test_a_ring_may_ask_for_something_else_or_for_nothing():
    assert steps(Ring(30, skills=("{unit}-jour",)), Ring(60, skills=()))[0].skills == ("bostad-jour",)
    assert steps(Ring(30, skills=()))[0].skills == ()


def test_who_has_protected_identity_keeps_waiting_for_somebody_who_may_know():
    asked = ("bostad", "protected")
    found = steps(Ring(10, drop=("{unit}", "protected")), Ring(20, skills=("x",)), Ring(30, skills=()), skills=asked)
    assert [step.skills for step in found] == [("protected",), ("x", "protected"), ("protected",)]


def test_rings_and_overflow_are_one_list_by_time():
    found = steps(
        Ring(60, drop=("bostad",)),
        overflow=(
            Overflow(240, offer_return_call=True),
            Overflow(60, queue="{unit}-stor"),
            Overflow(10, priority=Priority.URGENT),
        ),
        skills=("bostad",),
    )
    assert found == (
        Step(10, priority=Priority.URGENT),
        Step(60, (), queue="bostad-stor"),
        Step(240, (), offer_return_call=True),
    )


def test_a_storm_takes_every_ring_at_once_and_keeps_the_overflow():
    rings, flow = (Ring(60, drop=("bostad",)), Ring(180, reserves=True)), (Overflow(240, offer_return_call=True),)
    before = steps_of(rings, flow, ("bostad",), plain)
    skills, after = opened(("bostad",), before)
    assert skills == ()
    assert after == (Step(0, (), reserves=True), Step(240, (), reserves=True, offer_return_call=True))


def test_a_storm_changes_nothing_where_there_are_no_rings():
    before = steps_of((), (Overflow(240, queue="b"),), ("bostad",), plain)
    assert opened(("bostad",), before) == (("bostad",), before)


def test_rings_without_reserves_need_no_step_in_a_storm():
    assert opened(("bostad",), steps(Ring(60, drop=("bostad",)), skills=("bostad",))) == ((), ())
