import pytest

from services.router.domain.skills import (
    Terms,
    can_take,
    parse_profile,
    parse_signature,
    profile_of,
    requirement_of,
    sign_off_word,
)
from shared.vocabulary import Channel

EVERYTHING = profile_of(["*"], ["sv", "en"], list(Channel))


@pytest.mark.parametrize(
    ("skills", "language", "agent", "takes"),
    [
        (["bostadsbolag"], "sv", EVERYTHING, True),
        (["bostadsbolag"], "en", EVERYTHING, True),
        (["bostadsbolag"], "fi", EVERYTHING, False),
        (["lang:fi"], "sv", EVERYTHING, False),
        ([], "sv", profile_of([], ["sv"], [Channel.EMAIL]), True),
        (["bostadsbolag"], "sv", profile_of(["bostadsbolag"], ["sv"], [Channel.EMAIL]), True),
        (["bostadsbolag"], "sv", profile_of(["skola"], ["sv"], [Channel.EMAIL]), False),
        (["bostadsbolag"], "sv", profile_of(["*"], ["sv"], [Channel.PHONE]), False),
        (["channel:email", "lang:sv"], "sv", profile_of([], [], [Channel.EMAIL]), True),
        (["skola=3"], "sv", profile_of({"skola": 3}, ["sv"], [Channel.EMAIL]), True),
        (["skola=3"], "sv", profile_of({"skola": 2}, ["sv"], [Channel.EMAIL]), False),
        (["skola=3"], "sv", profile_of({"*": 3, "skola": 1}, ["sv"], [Channel.EMAIL]), True),
        (["protected"], "sv", EVERYTHING, False),
        (["protected"], "sv", profile_of({"*": 3, "protected": 1}, ["sv"], [Channel.EMAIL]), True),
        ([], "sv", profile_of(["*"], ["sv"], [Channel.EMAIL], reserve=True), False),
        (["signed:skola"], "sv", EVERYTHING, False),
        (["signed:skola"], "sv", profile_of(["*"], ["sv"], [Channel.EMAIL], signed_off=["skola"]), True),
        (["?signed:skola"], "sv", EVERYTHING, True),
    ],
)
def test_an_agent_takes_what_she_has_every_skill_and_the_channel_for(skills, language, agent, takes):
    assert can_take(agent, requirement_of(Channel.EMAIL, skills, language)) is takes


def test_what_a_unit_asks_of_sign_offs_is_a_skill_a_wish_or_nothing():
    assert [sign_off_word("skola", asks) for asks in ("off", "preferred", "required")] == [
        *("", "?signed:skola", "signed:skola"),
    ]
    wishes = requirement_of(Channel.EMAIL, ["?signed:skola", "gata=2"])
    assert parse_signature(wishes.signature(1)) == wishes


def test_a_line_is_named_by_what_it_requires_in_any_order():
    first = requirement_of(Channel.PHONE, ["b", "a"], "fi").signature(2)
    assert first == requirement_of(Channel.PHONE, ["a", "b"], "fi").signature(2) == "2|phone|a,b,lang:fi"
    assert parse_signature(first) == requirement_of(Channel.PHONE, ["a", "b"], "fi")


def test_a_profile_reads_back_from_the_words_of_the_store():
    words = f"{EVERYTHING.channel_words}#{EVERYTHING.skill_words}"
    assert parse_profile(words) == EVERYTHING


def test_a_profile_narrows_to_the_channels_of_one_pull():
    assert EVERYTHING.narrowed([Channel.VISIT]).channels == {Channel.VISIT}


def test_signs_of_the_store_never_come_in_by_a_skill():
    assert requirement_of(Channel.EMAIL, ["a|b,c#d"], "sv").skills == {"a-b-c-d": 1}


def test_a_reserve_takes_what_is_open_to_reserves():
    reserve = profile_of(["*"], ["sv"], [Channel.EMAIL], reserve=True)
    opened = requirement_of(Channel.EMAIL, ["skola"], reserves=True)
    assert can_take(reserve, opened)
    assert opened.words == "+reserve,skola"
    assert parse_signature(opened.signature(1)) == opened
    assert parse_profile(f"{reserve.channel_words}#{reserve.skill_words}") == reserve


def test_an_agents_terms_are_written_in_milliseconds():
    terms = Terms(EVERYTHING, rest_seconds=2, max_contacts=12, window_seconds=600, blend_seconds={Channel.EMAIL: 60})
    assert terms.words == "2000|12|600000|email=60000"
    assert Terms(EVERYTHING).words == "0|0|3600000|"


def test_a_level_outside_one_to_five_is_refused():
    with pytest.raises(ValueError, match="level"):
        requirement_of(Channel.EMAIL, ["skola=9"])
