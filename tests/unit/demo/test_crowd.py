"""The invented citizens: the same seed is the same day, mixed as contacts of a municipality are."""

from collections import Counter

import pytest

from deploy.demo.messages import COLD, MIX, CitizenMessage, Crowd, load, shares

MESSAGES, SHARES = load(), shares()


def crowd(seed: int = 1) -> Crowd:
    return Crowd(MESSAGES, SHARES, seed=seed)


def draw(seed: int, number: int = 200) -> list[CitizenMessage]:
    people = crowd(seed)
    return [people.draw() for _ in range(number)]


def test_the_same_seed_draws_the_same_messages():
    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_channels_come_in_their_shares():
    drawn = Counter(message.channel for message in draw(1, 4000))
    for channel, share in MIX.items():
        assert drawn[channel] / 4000 == pytest.approx(share, abs=0.03)


def test_every_message_is_of_a_case_type_of_the_catalogue():
    assert {message.path for message in MESSAGES} <= set(SHARES)


def test_a_common_case_type_is_drawn_more_often_than_a_rare_one():
    drawn = Counter(message.path for message in draw(1, 4000) if message.channel == "phone")
    known = {message.path for message in MESSAGES if message.channel == "phone"}
    common, rare = max(known, key=lambda path: SHARES[path]), min(known, key=lambda path: SHARES[path])
    assert drawn[common] > drawn[rare]


def test_the_spike_is_about_the_cold_and_mostly_rings():
    people = crowd()
    drawn = [people.draw_cold() for _ in range(500)]
    assert {message.path for message in drawn} == {COLD}
    assert 0.7 < sum(message.channel == "phone" for message in drawn) / 500 < 0.9


def test_arrivals_lie_within_the_time_and_keep_their_rate():
    people = crowd()
    counts = []
    for _ in range(200):
        moments = list(people.arrivals(60, 300))
        assert all(0 <= moment < 300 for moment in moments)
        assert moments == sorted(moments)
        counts.append(len(moments))
    assert sum(counts) / 200 == pytest.approx(5, abs=0.6)
