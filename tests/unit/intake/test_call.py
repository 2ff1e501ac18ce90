"""A caller's turns, whatever telephony repeats, and how long they talked."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.channels import elks
from services.intake.channels.elks import Actions
from services.intake.channels.phone import e164
from services.intake.domain.call import (
    MAX_ATTEMPTS,
    Call,
    CallState,
    Heard,
    Result,
    Turn,
    message_again,
    next_turn,
    talk_seconds,
)

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def call(state: CallState = CallState.WAITING, **more: object) -> Call:
    values = {"call_id": "c1", "contact_id": "k", "entrance": "vaxel", "dialled": "+468", "caller": None}
    return Call(**{**values, "state": state, "received_at": NOW, **more})  # type: ignore[arg-type] # a test's shorthand


@pytest.mark.parametrize(
    ("state", "after", "result", "turn"),
    [
        (CallState.WAITING, None, Result.NONE, Turn.MESSAGE),
        (CallState.WAITING, Turn.MESSAGE, Result.SUCCESS, Turn.HOLD),
        (CallState.WAITING, Turn.HOLD, Result.FAILED, Turn.HOLD),
        (CallState.ACCEPTED, Turn.HOLD, Result.SUCCESS, Turn.CONNECT),
        (CallState.ACCEPTED, None, Result.NONE, Turn.CONNECT),
        (CallState.CONNECTING, Turn.HOLD, Result.SUCCESS, Turn.CONNECT),
        (CallState.CONNECTING, Turn.CONNECT, Result.SUCCESS, Turn.HANG_UP),
        (CallState.CONNECTING, Turn.CONNECT, Result.BUSY, Turn.HOLD),
        (CallState.CONNECTING, Turn.CONNECT, Result.FAILED, Turn.HOLD),
        (CallState.ENDED, Turn.HOLD, Result.SUCCESS, Turn.HANG_UP),
    ],
)
def test_the_next_turn(state: CallState, after: Turn | None, result: Result, turn: Turn) -> None:
    assert next_turn(call(state), after=after, result=result) is turn


def test_a_phone_that_never_answers_is_not_rung_for_ever() -> None:
    assert next_turn(call(CallState.ACCEPTED, attempts=MAX_ATTEMPTS), after=Turn.HOLD, result=Result.NONE) is Turn.HOLD


@pytest.mark.parametrize(
    ("waited", "again"), [(0, False), (4, False), (59, False), (60, True), (64.9, True), (65, False), (181, True)]
)
def test_in_a_storm_the_message_comes_again_once_a_minute(waited: float, again: bool) -> None:
    assert message_again(call(), NOW + timedelta(seconds=waited)) is again


def test_the_message_comes_again_between_pieces_of_hold_sound_only() -> None:
    assert next_turn(call(), after=Turn.HOLD, result=Result.SUCCESS, again=True) is Turn.MESSAGE
    assert next_turn(call(), after=Turn.MESSAGE, result=Result.SUCCESS, again=True) is Turn.HOLD
    assert next_turn(call(CallState.ACCEPTED), after=Turn.HOLD, result=Result.SUCCESS, again=True) is Turn.CONNECT
    assert next_turn(call(CallState.CONNECTING), after=Turn.CONNECT, result=Result.BUSY, again=True) is Turn.HOLD


def test_talk_is_since_connecting_and_never_more_than_telephony_says() -> None:
    talked = call(CallState.CONNECTING, connected_at=NOW)
    end = NOW + timedelta(seconds=90)
    assert talk_seconds(call(), end, ()) == 0
    assert talk_seconds(talked, end, ()) == 90
    assert talk_seconds(talked, end, (12.0, 70.0)) == 70
    assert talk_seconds(talked, end, (500.0,)) == 90


def test_both_spellings_of_the_call_id_are_read() -> None:
    assert elks.ring({"callid": "c1", "from": "070-174 06 05", "to": "+46846500400"}).caller == "+46701740605"
    assert elks.ring({"id": "c1", "to": "+46846500400"}).call_id == "c1"
    assert elks.hang_up({"id": "c1", "state": "busy"}).state == "busy"
    for form in ({}, {"callid": ""}, {"callid": "a b"}, {"callid": "x" * 101}):
        with pytest.raises(elks.CallIdMissingError):
            elks.ring(form)


@pytest.mark.parametrize(
    ("told", "why", "result", "digits"),
    [
        ("", "", Result.NONE, ""),
        ("success", "", Result.SUCCESS, ""),
        ("busy", "", Result.BUSY, ""),
        ("failed", "hangup", Result.FAILED, ""),
        ("failed", "noinput", Result.NO_INPUT, ""),
        ("2", "", Result.SUCCESS, "2"),
        ("12#", "", Result.SUCCESS, "12#"),
        ("\N{ARABIC-INDIC DIGIT TWO}", "", Result.FAILED, ""),
        ("something new", "", Result.FAILED, ""),
    ],
)
def test_what_became_of_a_turn(told: str, why: str, result: Result, digits: str) -> None:
    ring = elks.ring({"callid": "c1", "to": "+46846500400", "result": told, "why": why})
    assert (ring.result, ring.digits) == (result, digits)


@pytest.mark.parametrize("legs", ["", "{", "{}", "[1]", '[{"duration": "x"}]', '[{"duration": true}]', "null"])
def test_legs_that_make_no_sense_are_no_legs(legs: str) -> None:
    assert elks.hang_up({"id": "c1", "legs": legs}).leg_seconds == ()


def test_every_action_but_the_last_leads_back_to_us() -> None:
    actions = Actions("https://kc.example", "t&k", "https://kc.example/hold.wav")
    played = actions.write(Heard(Turn.MESSAGE, recordings=("https://x.example/ko.mp3",)))
    assert played["play"] == "https://x.example/ko.mp3"
    assert played["next"] == "https://kc.example/webhooks/46elks/next?after=message&token=t%26k"
    assert played["whenhangup"] == "https://kc.example/webhooks/46elks/hangup?token=t%26k"
    assert actions.write(Heard(Turn.MESSAGE))["play"].endswith("hold.wav")
    assert actions.write(Heard(Turn.CONNECT, number="+4670", caller="+4671"))["callerid"] == "+4671"
    assert actions.write(Heard(Turn.HANG_UP)) == {"hangup": "reject"}


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("08-465 004 00", "+46846500400"),
        ("anonymous", None),
        ("", None),
        (None, None),
        ("+358401234567", "+358401234567"),
    ],
)
def test_numbers(given: str | None, number: str | None) -> None:
    assert e164(given) == number
