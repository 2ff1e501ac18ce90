import pytest

from services.router.domain.skills import can_take, parse_profile, parse_signature, profile_of, requirement_of
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
    ],
)
def test_an_agent_takes_what_she_has_every_skill_and_the_channel_for(skills, language, agent, takes):
    assert can_take(agent, requirement_of(Channel.EMAIL, skills, language)) is takes


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
    assert requirement_of(Channel.EMAIL, ["a|b,c#d"], "sv").skills == {"a-b-c-d"}
