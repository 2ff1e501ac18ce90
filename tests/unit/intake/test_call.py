"""A caller's turns in the words of 46elks, whatever it repeats."""

from datetime import UTC, datetime

import pytest

from services.intake.channels import elks
from services.intake.channels.elks import Actions
from services.intake.channels.phone import e164
from services.intake.domain.call import (
    Call,
    CallState,
    Heard,
    Keys,
    Result,
    Turn,
)

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def call(state: CallState = CallState.WAITING, **more: object) -> Call:
    values = {"call_id": "c1", "contact_id": "k", "entrance": "vaxel", "dialled": "+468", "caller": None}
    return Call(**{**values, "state": state, "received_at": NOW, **more})  # type: ignore[arg-type] # a test's shorthand


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


@pytest.mark.parametrize(
    "legs",
    [
        "",
        "{",
        "{}",
        "[1]",
        '[{"duration": "x"}]',
        '[{"duration": true}]',
        "null",
        '[{"duration": 1e999}]',
        '[{"duration": NaN}]',
        '[{"duration": -1}]',
        '[{"duration": ' + "9" * 400 + "}]",
        "[" * 19_000,
        "[" * 100_000,
    ],
)
def test_legs_that_make_no_sense_are_no_legs(legs: str) -> None:
    assert elks.hang_up({"id": "c1", "legs": legs}).leg_seconds == ()
    assert len(elks.hang_up({"id": "c1", "state": "x" * 999}).state) == 40


ACTIONS = Actions("https://kc.example", "t&k", "https://kc.example/hold.wav")


def test_every_action_but_the_last_leads_back_to_us() -> None:
    played = ACTIONS.write(Heard(Turn.MESSAGE, recordings=("https://x.example/ko.mp3",), step=3))
    assert played["play"] == "https://x.example/ko.mp3"
    assert played["skippable"] is False
    assert played["next"] == "https://kc.example/webhooks/46elks/next?after=message&n=3&token=t%26k"
    assert played["whenhangup"] == "https://kc.example/webhooks/46elks/hangup?token=t%26k"
    assert ACTIONS.write(Heard(Turn.HOLD))["play"].endswith("hold.wav")
    assert ACTIONS.write(Heard(Turn.CONNECT, number="+4670", caller="+4671"))["callerid"] == "+4671"
    assert ACTIONS.write(Heard(Turn.URGENT, number="+4680"))["connect"] == "+4680"
    assert ACTIONS.write(Heard(Turn.HANG_UP)) == {"hangup": "reject"}


def test_a_turn_that_listens_for_keys_is_a_menu_after_what_is_played_before_it() -> None:
    written = ACTIONS.write(Heard(Turn.OFFER, recordings=("a.wav", "b.wav"), keys=Keys("1", timeout=7), step=1))
    assert written["play"] == "a.wav"
    menu = written["next"]
    assert (menu["ivr"], menu["digits"], menu["timeout"], menu["repeat"]) == ("b.wav", 1, 7, 1)
    assert menu["next"].startswith("https://kc.example/webhooks/46elks/next?after=offer&n=1")
    assert "whenhangup" in written
    assert ACTIONS.write(Heard(Turn.CLOSED, keys=Keys("1")))["ivr"].endswith("hold.wav")


def test_without_us_a_caller_hears_a_sentence_and_comes_to_the_jour() -> None:
    with_jour = ACTIONS.fallback("https://kc.example/sounds/x.wav", "+46846500499")
    assert with_jour == {
        "play": "https://kc.example/sounds/x.wav",
        "skippable": False,
        "next": {"connect": "+46846500499"},
    }
    assert ACTIONS.fallback("", "")["next"] == "https://kc.example/webhooks/46elks/voice?token=t%26k"


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
