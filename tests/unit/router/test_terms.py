"""On what terms an agent works: her profile, her work mode, and a peak."""

from typing import Any

import pytest

from services.router.domain.skills import can_take, requirement_of
from services.router.usecases.terms import AgentTerms, UnknownAgentError, UnknownModeError, terms_of
from shared.records import AgentProfile, PeakRecord, WorkMode
from shared.vocabulary import LIVE_CHANNELS, Channel
from tests.support.decided import MONDAY

ALL = frozenset(Channel)
MAIL = frozenset({Channel.EMAIL, Channel.E_SERVICE})


def agent(**fields: Any) -> AgentProfile:
    return AgentProfile(**({"id": "a", "name": "Anna A", "skills": {"*": 3}} | fields))


def peak(**measures: Any) -> PeakRecord:
    return PeakRecord(until=MONDAY, started_at=MONDAY, by="lead", reason="storm", **measures)


def now(profile: AgentProfile, storm: PeakRecord | None = None) -> AgentTerms:
    return AgentTerms({"a": profile}.get, lambda: storm)


def test_a_sign_off_is_a_skill_that_no_work_mode_takes_away():
    known = agent(signed_off=("skola",), modes=(WorkMode(name="gata", skills={"gata": 1}),))
    asked = requirement_of(Channel.PHONE, ["signed:skola"])
    assert can_take(terms_of(known).profile, asked)
    assert can_take(terms_of(known, "gata").profile, asked)
    assert not can_take(terms_of(agent()).profile, asked)


def test_the_profile_says_it_all():
    known = agent(
        skills={"skola": 3, "vatten": 1},
        languages=("sv", "fi"),
        capacity=130,
        reserve=True,
        max_contacts=12,
        window_seconds=1800,
        rest_seconds=4,
        blend_seconds={Channel.EMAIL: 20},
    )
    terms = terms_of(known)
    assert terms.profile.skill_words == "!reserve,lang:fi=5,lang:sv=5,skola=3,vatten"
    assert (terms.capacity, terms.words) == (130, "4000|12|1800000|email=20000")
    assert terms.profile.channels == ALL


def test_levels_that_there_are_not_are_met_with_those_that_there_are():
    assert terms_of(agent(skills={"a": 0, "b": -1, "c": 9})).profile.skill_words == "c=5,lang:sv=5"


def test_a_work_mode_is_part_of_her_work():
    reception = WorkMode(name="reception", channels=(Channel.VISIT,), skills={"kontaktcenter": 2}, capacity=100)
    phone = WorkMode(name="telefon", channels=(Channel.PHONE,))
    terms = now(agent(capacity=160, modes=(reception, phone)))
    visits = terms.of("a", mode="reception")
    assert visits.profile.channels == {Channel.VISIT}
    assert (visits.profile.skill_words, visits.capacity) == ("kontaktcenter=2,lang:sv=5", 100)
    assert can_take(visits.profile, requirement_of(Channel.VISIT, ["kontaktcenter"]))
    assert not can_take(visits.profile, requirement_of(Channel.VISIT, ["skola"]))
    calls = terms.of("a", mode="telefon")
    assert calls.profile.channels == {Channel.PHONE}
    assert (calls.profile.skills["*"], calls.capacity) == (3, 160)
    assert terms.of("a").profile.channels == terms.of("a", mode="").profile.channels == ALL


def test_an_unknown_mode_is_refused_and_hers_are_named():
    modes = (WorkMode(name="reception"), WorkMode(name="telefon"))
    with pytest.raises(UnknownModeError) as refused:
        now(agent(modes=modes)).of("a", mode="disk")
    assert refused.value.status == 422
    assert refused.value.params == {"mode": "disk", "modes": "reception, telefon"}
    with pytest.raises(UnknownModeError):
        now(agent()).of("a", mode="reception")


@pytest.mark.parametrize("known", [agent(active=False), agent(id="b")])
def test_who_works_here_no_more_has_no_terms(known: AgentProfile):
    with pytest.raises(UnknownAgentError):
        AgentTerms({known.id: known}.get, lambda: None).of("a")


def test_one_pull_may_ask_for_some_channels_only():
    assert now(agent()).of("a", channels=[Channel.EMAIL]).profile.channels == {Channel.EMAIL}
    assert not now(agent(channels=(Channel.PHONE,))).of("a", channels=["email"]).profile.channels
    assert not now(agent()).of("a", channels=[]).profile.channels


def test_in_a_storm_mail_waits_for_whoever_can_answer_callers():
    assert now(agent(), peak()).of("a").profile.channels == LIVE_CHANNELS
    assert not now(agent(), peak()).of("a", channels=[Channel.EMAIL]).profile.channels
    assert now(agent(channels=tuple(MAIL)), peak()).of("a").profile.channels == MAIL
    written = agent(modes=(WorkMode(name="mejl", channels=(Channel.EMAIL,)),))
    assert now(written, peak()).of("a", mode="mejl").profile.channels == {Channel.EMAIL}
    assert now(agent(), peak(mail_waits=False)).of("a").profile.channels == ALL


def test_in_a_storm_reserves_are_as_everybody():
    call = requirement_of(Channel.PHONE, ["skola"])
    reserve = agent(reserve=True)
    assert not can_take(now(reserve).of("a").profile, call)
    assert can_take(now(reserve, peak()).of("a").profile, call)
    assert not can_take(now(reserve, peak(reserves=False)).of("a").profile, call)
