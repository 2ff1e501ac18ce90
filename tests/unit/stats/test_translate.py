"""Every event that stats reads becomes a fact that says what it said."""

from datetime import timedelta

import pytest

from services.stats.usecases.translate import CASE_FACTS, ROUTING_FACTS, fact_of
from shared.events import EVENT_TYPES, ContactRouted
from shared.vocabulary import Channel, Presence, TakenOver
from tests.support.stats_events import START, Log, closed, handed_over, life, presence


def test_a_contact_s_life():
    routed, queued, made, accepted, completed = (fact_of(one) for one in Log().records(*life("c1", wait=30)))
    assert (routed.type, routed.at, routed.case_type, routed.skills) == (
        "contact.routed",
        START,
        "ct-kallt",
        ("bostadsbolag",),
    )
    assert (routed.person_key, routed.taken_over) == ("", "overtagen")
    assert (queued.type, queued.epoch, queued.channel) == ("contact.queued", 1, Channel.PHONE)
    assert (made.type, accepted.type, accepted.seconds) == ("offer.made", "offer.accepted", 30)
    assert (completed.type, completed.seconds) == ("contact.completed", 180)


@pytest.mark.parametrize(("confidence", "counted"), [(0.9, "ct-kallt"), (0.5, "ct-kallt"), (0.18, "")])
def test_a_guess_that_is_wrong_more_often_than_right_is_no_case_type(confidence, counted):
    routed = life("c1")[0]
    assert isinstance(routed, ContactRouted)
    best = routed.candidates[0].model_copy(update={"confidence": confidence})
    assert fact_of(Log().record(routed.model_copy(update={"candidates": (best,)}))).case_type == counted


def test_old_mail_is_told_apart():
    routed = life("c1")[0].model_copy(update={"flags": ("quiet",)})
    assert fact_of(Log().record(routed)).detail == "backlog"


def test_ends_and_presence():
    close, over, here = (
        fact_of(one) for one in Log().records(closed("k", "c"), handed_over("k", "c"), presence("a", Presence.READY))
    )
    assert (close.type, close.first_contact, close.detail) == ("case.closed", True, "lost_av_kc")
    assert (over.type, over.handover_id) == ("case.handed_over", "h-k")
    assert (here.agent_id, here.detail, here.capacity) == ("a", "ready", 100)


def test_what_is_not_taken_over_is_told_by_the_router_and_at_the_end():
    told = [life("c", taken_over=TakenOver.NOT)[0], closed("k", "c", taken_over=TakenOver.TRIAL)]
    assert [fact_of(one).taken_over for one in Log().records(*told)] == ["ej_overtagen", "provdrift"]


def test_the_month_is_that_of_the_writing():
    late = START + timedelta(days=40)
    assert fact_of(Log().record(life("c")[0], time=late)).month.isoformat() == "2027-01-01"


@pytest.mark.parametrize("topic", ["routing", "cases"])
def test_nothing_on_the_topics_is_missed(topic):
    told = {model for model in EVENT_TYPES.values() if model.topic.name == topic}
    kept = set(ROUTING_FACTS) | set(CASE_FACTS)
    assert {model.__name__ for model in told - kept} <= {"CaseStepDone", "CaseStepUndone"}
