"""Handling time: each second once, the parts are the whole, and nothing told is ever taken back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain.handling import Conversation, Time, since, spent
from shared.vocabulary import Channel

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("call", "talk"),
    [
        (Conversation(AT, None, None), 100),
        (Conversation(AT, after(60), None), 60),
        (Conversation(AT, after(60), after(90)), 60),
        (Conversation(AT, None, after(90)), 90),
        (Conversation(AT, after(60), None, connected=50), 50),
        (Conversation(AT, after(60), None, connected=80), 60),
        (Conversation(AT, after(60), None, connected=50, hold=10), 40),
        (Conversation(AT, after(-300), None, connected=180, we_called=True), 100),
        (Conversation(AT, after(-300), after(90), connected=180, we_called=True), 90),
        (Conversation(after(200), None, None), 0),
    ],
)
def test_talk_is_what_was_connected_between_taking_it_and_the_citizens_leaving(call: Conversation, talk: float):
    assert call.talk(after(100)) == talk


def test_what_is_done_when_the_caller_has_gone_is_after_work_of_the_call():
    time = spent(Channel.PHONE, [Conversation(AT, after(60), after(90), after_work=15)], 30, 0, after(200))
    assert time == Time(talk=60, after_work=45)
    mail = spent(Channel.EMAIL, [Conversation(AT, after(60), after(90), after_work=15)], 30, 0, after(200))
    assert mail == Time(talk=60, after_work=15, desk=30)


def test_what_was_told_stays_though_telephony_knows_better_later():
    told = spent(Channel.PHONE, [Conversation(AT, None, after(100))], 0, 0, after(100))
    later = spent(Channel.PHONE, [Conversation(AT, after(70), after(100))], 0, told.total, after(300))
    assert (told.total, later) == (100, Time(talk=70, after_work=30))


_SECONDS = st.integers(0, 3600)
_TALKS = st.lists(
    st.builds(
        lambda start, left, done, connected, work: Conversation(
            after(start), after(start + left) if left else None, after(start + done), connected or None, 0.0, work
        ),
        *(_SECONDS, _SECONDS, _SECONDS, _SECONDS, _SECONDS),
    ),
    max_size=4,
)


@given(st.sampled_from(Channel), _TALKS, _SECONDS, _SECONDS, st.none() | _SECONDS)
def test_the_parts_are_the_whole_and_what_is_new_is_the_rest(
    channel: Channel, talks: list[Conversation], beaten: int, reported: int, told: int | None
):
    now = after(10_000)
    whole = spent(channel, talks, beaten, reported, now)
    new = since(channel, talks, whole, reported, None if told is None else after(told), now)
    for time in (whole, new):
        assert min(time.talk, time.hold, time.after_work, time.desk) >= 0
    assert whole.total >= max(reported, beaten + sum(one.talk(now) + one.after_work for one in talks)) - 1e-6
    assert new.total == pytest.approx(max(0, whole.total - reported), abs=0.06)
    again = spent(channel, talks, beaten, reported + new.total, now)
    assert since(channel, talks, again, reported + new.total, now, now).total == pytest.approx(0, abs=0.11)
