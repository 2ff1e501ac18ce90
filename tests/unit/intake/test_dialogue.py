"""The table of turns: what a caller hears, whatever she presses and whatever telephony repeats."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.intake.domain.call import MAX_ATTEMPTS, Call, CallState, Keys, Result, ReturnCall, Turn
from services.intake.domain.dialogue import (
    Scene,
    asks_to_be_called,
    chosen_language,
    keys_of,
    message_again,
    next_turn,
    place_due,
)
from services.intake.usecases.speak import SAID

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
SAYABLE = frozenset(SAID)
MINUTE = timedelta(minutes=1)


def call(state: CallState = CallState.WAITING, **more: object) -> Call:
    values = {"call_id": "c1", "contact_id": "k", "entrance": "vaxel", "dialled": "+468", "caller": "+4670"}
    return Call(**{**values, "state": state, "received_at": NOW, **more})  # type: ignore[arg-type] # a test's shorthand


def scene(of: Call | None = None, **more: object) -> Scene:
    return Scene(of or call(), **{"now": NOW, "sayable": SAYABLE, **more})  # type: ignore[arg-type] # the same


SHUT = call(CallState.CLOSED)
TOLD = call(told=(Turn.MESSAGE,))
OFFERED = call(told=(Turn.MESSAGE,), return_call=ReturnCall.OFFERED)
MINE = call(CallState.ACCEPTED)
RINGING = call(CallState.CONNECTING)
PASSED = call(CallState.CONNECTING, pass_to="+46846500441")
GONE_ON = call(CallState.CONNECTING, told=(Turn.PASSED_ON,))


@pytest.mark.parametrize(
    ("at", "after", "turn"),
    [
        # The ring.
        (scene(), None, Turn.MESSAGE),
        (scene(sayable=frozenset()), None, Turn.HOLD),
        (scene(languages=("sv", "en")), None, Turn.LANGUAGE),
        (scene(languages=("sv",)), None, Turn.MESSAGE),
        (scene(disturbed=True), None, Turn.DISTURBANCE),
        (scene(faulty=True, disturbed=True), None, Turn.FAULT),
        (scene(MINE), None, Turn.CONNECT),
        # Closed.
        (scene(SHUT, languages=("sv", "en"), disturbed=True, jour=True), None, Turn.CLOSED),
        (scene(SHUT, sayable=frozenset()), None, Turn.HANG_UP),
        (scene(SHUT, sayable=frozenset(), jour=True), None, Turn.CLOSED),
        (scene(SHUT, sayable=frozenset(), jour=True, digits="1"), Turn.CLOSED, Turn.URGENT),
        (scene(SHUT, sayable=frozenset(), jour=True, result=Result.NO_INPUT), Turn.CLOSED, Turn.HANG_UP),
        (scene(SHUT, jour=True, digits="1"), Turn.CLOSED, Turn.URGENT),
        (scene(SHUT, jour=True, digits="2"), Turn.CLOSED, Turn.HANG_UP),
        (scene(SHUT, jour=True, result=Result.NO_INPUT), Turn.CLOSED, Turn.HANG_UP),
        (scene(SHUT, digits="1"), Turn.CLOSED, Turn.HANG_UP),
        (scene(SHUT, jour=True, result=Result.SUCCESS), Turn.URGENT, Turn.HANG_UP),
        (scene(SHUT, jour=True, result=Result.BUSY), Turn.URGENT, Turn.CLOSED),
        (scene(SHUT, jour=True, result=Result.FAILED), Turn.URGENT, Turn.CLOSED),
        (scene(call(CallState.CLOSED, jours=MAX_ATTEMPTS), jour=True, digits="1"), Turn.CLOSED, Turn.HANG_UP),
        (scene(SHUT), Turn.HOLD, Turn.HANG_UP),
        # What is said first, each once.
        (scene(disturbed=True), Turn.LANGUAGE, Turn.DISTURBANCE),
        (scene(call(told=(Turn.DISTURBANCE,)), disturbed=True), Turn.DISTURBANCE, Turn.MESSAGE),
        (scene(TOLD), Turn.DISTURBANCE, Turn.HOLD),
        (scene(), Turn.FAULT, Turn.MESSAGE),
        (scene(TOLD), Turn.MESSAGE, Turn.HOLD),
        # Waiting.
        (scene(TOLD, result=Result.FAILED), Turn.HOLD, Turn.HOLD),
        (scene(TOLD, faulty=True), Turn.HOLD, Turn.FAULT),
        (scene(call(told=(Turn.MESSAGE, Turn.FAULT)), faulty=True), Turn.HOLD, Turn.HOLD),
        (scene(TOLD, now=NOW + MINUTE, storm=True), Turn.HOLD, Turn.MESSAGE),
        (scene(TOLD, now=NOW + MINUTE, storm=True), Turn.MESSAGE, Turn.HOLD),
        (scene(TOLD, now=NOW + MINUTE, place=3), Turn.HOLD, Turn.PLACE),
        (scene(TOLD, now=NOW + MINUTE, place=3), Turn.PLACE, Turn.HOLD),
        (scene(TOLD, now=NOW + MINUTE), Turn.HOLD, Turn.HOLD),
        (scene(TOLD, now=NOW + MINUTE / 2, place=3), Turn.HOLD, Turn.HOLD),
        (scene(call(told=(Turn.MESSAGE,), place_at=NOW), now=NOW + MINUTE / 2, place=3), Turn.HOLD, Turn.HOLD),
        # A return call.
        (scene(OFFERED), Turn.HOLD, Turn.OFFER),
        (scene(OFFERED, sayable=frozenset()), Turn.HOLD, Turn.HOLD),
        (scene(OFFERED, sayable=frozenset({Turn.OFFER})), Turn.HOLD, Turn.HOLD),
        (scene(call(told=(Turn.MESSAGE,), return_call=ReturnCall.OFFERED, caller=None)), Turn.HOLD, Turn.HOLD),
        (scene(OFFERED, result=Result.NO_INPUT), Turn.OFFER, Turn.HOLD),
        (scene(call(return_call=ReturnCall.PROMISED), digits="1"), Turn.OFFER, Turn.PROMISED),
        (scene(call(return_call=ReturnCall.PROMISED)), Turn.PROMISED, Turn.HANG_UP),
        # The agent.
        (scene(MINE), Turn.HOLD, Turn.CONNECT),
        (scene(MINE), Turn.PLACE, Turn.CONNECT),
        (scene(MINE), Turn.LANGUAGE, Turn.CONNECT),
        (scene(call(CallState.ACCEPTED, return_call=ReturnCall.OFFERED)), Turn.OFFER, Turn.CONNECT),
        (scene(RINGING, result=Result.SUCCESS), Turn.HOLD, Turn.CONNECT),
        (scene(RINGING, result=Result.SUCCESS), Turn.CONNECT, Turn.HANG_UP),
        (scene(MINE, result=Result.SUCCESS), Turn.CONNECT, Turn.CONNECT),
        (scene(MINE, result=Result.BUSY), Turn.CONNECT, Turn.CONNECT),
        (scene(TOLD, result=Result.SUCCESS), Turn.CONNECT, Turn.HOLD),
        (scene(RINGING, result=Result.BUSY), Turn.CONNECT, Turn.HOLD),
        (scene(RINGING, result=Result.FAILED, now=NOW + MINUTE, storm=True), Turn.CONNECT, Turn.HOLD),
        (scene(call(CallState.ACCEPTED, attempts=MAX_ATTEMPTS, told=(Turn.MESSAGE,))), Turn.HOLD, Turn.HOLD),
        # Passed on to a number.
        (scene(PASSED, result=Result.SUCCESS), Turn.CONNECT, Turn.PASSED_ON),
        (scene(PASSED, result=Result.BUSY), Turn.CONNECT, Turn.HOLD),
        (scene(call(CallState.ACCEPTED, pass_to="+468"), result=Result.SUCCESS), Turn.CONNECT, Turn.CONNECT),
        (scene(PASSED), Turn.HOLD, Turn.CONNECT),
        (scene(GONE_ON, result=Result.SUCCESS), Turn.PASSED_ON, Turn.HANG_UP),
        (scene(GONE_ON, result=Result.BUSY), Turn.PASSED_ON, Turn.CONNECT),
        (scene(GONE_ON, result=Result.FAILED), Turn.PASSED_ON, Turn.CONNECT),
        (scene(GONE_ON), Turn.HOLD, Turn.CONNECT),
        (scene(replace(GONE_ON, attempts=MAX_ATTEMPTS)), Turn.HOLD, Turn.HANG_UP),
        # The end.
        (scene(call(CallState.ENDED), digits="1", jour=True), Turn.CLOSED, Turn.HANG_UP),
        (scene(call(CallState.ENDED)), Turn.HOLD, Turn.HANG_UP),
    ],
)
def test_the_next_turn(at: Scene, after: Turn | None, turn: Turn) -> None:
    assert next_turn(at, after) is turn


def every_scene() -> Iterator[Scene]:
    for state, returned, jour, faulty, result, digits in product(
        CallState, ReturnCall, (False, True), (False, True), Result, ("", "1", "2")
    ):
        for sayable in (frozenset[Turn](), SAYABLE):
            yield scene(
                call(state, return_call=returned),
                sayable=sayable,
                jour=jour,
                faulty=faulty,
                result=result,
                digits=digits,
                languages=("sv", "en"),
                disturbed=True,
                place=1,
                now=NOW + MINUTE,
                storm=True,
            )


def test_there_is_a_turn_after_every_turn_and_it_can_be_heard() -> None:
    for at in every_scene():
        for after in (None, *Turn):
            turn = next_turn(at, after)
            jour = turn is Turn.CLOSED and at.jour
            assert turn in at.sayable or turn not in SAID or turn is Turn.PROMISED or jour
            if turn is Turn.URGENT:
                assert at.call.state is CallState.CLOSED
                assert at.jour
            if turn is Turn.CONNECT:
                assert at.call.state in {CallState.ACCEPTED, CallState.CONNECTING}


def test_who_calls_when_it_is_closed_never_waits() -> None:
    for at in every_scene():
        if at.call.state is CallState.CLOSED:
            for after in (None, Turn.CLOSED, Turn.HOLD):
                assert next_turn(at, after) in {Turn.CLOSED, Turn.URGENT, Turn.HANG_UP}


@pytest.mark.parametrize(
    ("turn", "keys"),
    [
        (Turn.LANGUAGE, Keys("123")),
        (Turn.OFFER, Keys("1")),
        (Turn.CLOSED, Keys("1")),
        (Turn.MESSAGE, None),
        (Turn.HOLD, None),
    ],
)
def test_keys(turn: Turn, keys: Keys | None) -> None:
    assert keys_of(turn, scene(jour=True, languages=("sv", "en", "fi"))) == keys


def test_closed_without_a_jour_listens_for_nothing() -> None:
    assert keys_of(Turn.CLOSED, scene()) is None


@pytest.mark.parametrize(
    ("digits", "language"), [("1", "sv"), ("2", "en"), ("3", None), ("0", None), ("", None), ("*", None), ("12", None)]
)
def test_a_key_chooses_a_language(digits: str, language: str | None) -> None:
    assert chosen_language(("sv", "en"), digits) == language


def test_a_return_call_is_asked_for_by_its_key_after_its_offer_only() -> None:
    assert asks_to_be_called(OFFERED, "1", Turn.OFFER)
    assert not asks_to_be_called(OFFERED, "2", Turn.OFFER)
    assert not asks_to_be_called(OFFERED, "1", Turn.HOLD)
    assert not asks_to_be_called(TOLD, "1", Turn.OFFER)


@pytest.mark.parametrize(
    ("waited", "again"), [(0, False), (4, False), (59, False), (60, True), (64.9, True), (65, False), (181, True)]
)
def test_in_a_storm_the_message_comes_again_once_a_minute(waited: float, again: bool) -> None:
    assert message_again(call(), NOW + timedelta(seconds=waited)) is again


def test_a_place_is_said_once_a_minute() -> None:
    assert not place_due(call(), NOW + MINUTE / 2)
    assert place_due(call(), NOW + MINUTE)
    assert not place_due(call(place_at=NOW + MINUTE), NOW + MINUTE * 1.5)
