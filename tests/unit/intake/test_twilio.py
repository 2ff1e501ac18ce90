"""What Twilio posts, in our words, and what we say, in its."""

import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import VoiceResponse

from services.intake.channels import twilio
from services.intake.channels.elks import Actions
from services.intake.channels.twilio import Answers, CallSidMissingError
from services.intake.channels.twilio_signature import FORM, Asked
from services.intake.domain.call import HangUp, Heard, Keys, Result, Turn, Words
from services.intake.domain.spoken import choice
from shared.languages import OFFERED, SPOKEN

SID = "CA0123456789abcdef0123456789abcdef"
RING = {"CallSid": SID, "From": "+46701740605", "To": "+46846500400", "Direction": "inbound", "CallStatus": "ringing"}
ANSWERS = Answers("https://kc.example/hold.wav")


def written(heard: Heard, *, first: bool = False, answers: Answers = ANSWERS) -> str:
    """Return what is said, without its declaration; Twilio's own library must find it well-formed."""
    told = answers.write(heard, first=first)
    assert told.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<Response>")
    return told.decode().partition("<Response>")[2].removesuffix("</Response>")


def test_a_ring_is_read_whatever_else_is_posted() -> None:
    ring = twilio.ring(RING | {"StirVerstat": "TN-Validation-Passed-A", "New2027": "x"}, 4)
    assert (ring.call_id, ring.dialled, ring.caller) == (f"twilio/{SID}", "+46846500400", "+46701740605")
    assert (ring.incoming, ring.result, ring.digits, ring.step, ring.reads_aloud) == (True, Result.NONE, "", 4, True)
    assert twilio.ring({"CallSid": SID}).incoming
    assert not twilio.ring(RING | {"Direction": "outbound-api"}).incoming
    for sid in ("", "CA", "CA 12345678", f"{SID}/x", "c0123456789", "CA" + "1" * 65, "CA１２３４５６７８"):
        with pytest.raises(CallSidMissingError):
            twilio.ring(RING | {"CallSid": sid})


def test_nothing_that_we_answer_records_a_conversation() -> None:
    actions = Actions("https://kc.example", "t", "https://kc.example/hold.wav")
    for turn in Turn:
        heard = Heard(turn, ("https://kc.example/a.wav",), keys=Keys("1"), number="+46701740605", caller="+46701740640")
        assert "record" not in json.dumps(actions.write(heard)).lower()
        assert "record" not in written(heard).lower()


def test_every_language_that_is_spoken_has_its_sentence_and_its_voice_and_no_other_has_a_sentence() -> None:
    for language in OFFERED:
        said = choice((language,))
        assert [one.language for one in said] == ([language] if language in SPOKEN else [])
        asked = written(Heard(Turn.LANGUAGE, words=said, keys=Keys("1")))
        assert ("<Say" in asked) is (language in SPOKEN)


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ("+46701740605", "+46701740605"),
        ("sip:+46701740605@kommun.sip.twilio.com", "+46701740605"),
        ("sips:070-174 06 05@10.0.0.1:5061;transport=tls", "+46701740605"),
        ("sip:vaxel@kommun.sip.twilio.com", None),
        ("sip:anonymous@anonymous.invalid", None),
        ("client:anna", None),
        ("anonymous", None),
        ("Anonymous", None),
        ("RESTRICTED", None),
        ("+266696687", None),
        ("266696687", None),
        ("+7378742833", None),
        ("+2562533", None),
        ("+8656696", None),
        ("+86282452253", None),
        ("", None),
        ("+", None),
    ],
)
def test_who_calls_is_a_number_or_withheld(told: str, number: str | None) -> None:
    assert twilio.ring(RING | {"From": told}).caller == number


def test_what_was_dialled_finds_its_entrance_by_sip_too() -> None:
    assert twilio.ring(RING | {"To": "sip:+46846500400@kommun.sip.twilio.com"}).dialled == "+46846500400"
    assert twilio.ring(RING | {"To": "client:reception"}).dialled == "client:reception"


@pytest.mark.parametrize(
    ("more", "result", "digits"),
    [
        ({}, Result.NONE, ""),
        ({"DialCallStatus": "completed"}, Result.SUCCESS, ""),
        ({"DialCallStatus": "answered"}, Result.SUCCESS, ""),
        ({"DialCallStatus": "busy"}, Result.BUSY, ""),
        ({"DialCallStatus": "no-answer"}, Result.FAILED, ""),
        ({"DialCallStatus": "failed"}, Result.FAILED, ""),
        ({"DialCallStatus": "canceled"}, Result.FAILED, ""),
        ({"DialCallStatus": "whatever comes"}, Result.FAILED, ""),
        ({"Digits": "1"}, Result.SUCCESS, "1"),
        ({"Digits": "*#0"}, Result.SUCCESS, "*#0"),
        ({"Digits": ""}, Result.NO_INPUT, ""),
        ({"Digits": "1" * 21}, Result.NO_INPUT, ""),
        ({"Digits": "timeout"}, Result.NO_INPUT, ""),
        ({"Digits": "１"}, Result.NO_INPUT, ""),
    ],
)
def test_what_became_of_a_turn(more: dict[str, str], result: Result, digits: str) -> None:
    ring = twilio.ring(RING | more)
    assert (ring.result, ring.digits) == (result, digits)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("completed", "success"),
        ("busy", "busy"),
        ("failed", "failed"),
        ("no-answer", "success"),
        ("canceled", "success"),
    ],
)
def test_the_end_of_a_call(status: str, state: str) -> None:
    form = RING | {"CallStatus": status, "SequenceNumber": "0", "Timestamp": "Mon, 30 Nov 2026 10:00:00 +0000"}
    assert twilio.hang_up(form) == HangUp(f"twilio/{SID}", state)
    assert twilio.hang_up(form | {"ParentCallSid": SID}) is None, "that of a leg is none"
    assert twilio.hang_up(form | {"DialCallDuration": "12"}) == HangUp(f"twilio/{SID}", state, (12.0,))


@pytest.mark.parametrize("told", ["", "-1", "1.5", "nan", "1e9", "٣", "12345678"])
def test_a_duration_that_is_none_is_not_believed(told: str) -> None:
    assert twilio.leg_seconds({"DialCallDuration": told}) == ()


@pytest.mark.parametrize("status", ["queued", "initiated", "ringing", "in-progress", "answered", "", "new"])
def test_a_call_that_goes_on_is_not_over(status: str) -> None:
    assert twilio.hang_up(RING | {"CallStatus": status}) is None


def test_a_leg_speaks_of_the_call_that_it_is_for() -> None:
    said = {"CallSid": "CA" + "2" * 32, "ParentCallSid": SID, "Direction": "outbound-dial"}
    assert twilio.answered_leg(said | {"CallStatus": "in-progress"}) == f"twilio/{SID}"
    assert twilio.answered_leg(said | {"CallStatus": "busy"}) is None
    with pytest.raises(CallSidMissingError):
        twilio.answered_leg({"CallSid": SID, "CallStatus": "in-progress"})


def test_it_is_read_where_it_stands() -> None:
    url = "https://kc.example/x?after=hold"
    assert twilio.form_of(Asked(f"{url}&CallSid=CA1&a=1&a=2", "GET", "", b""), ()) == {
        "after": "hold",
        "CallSid": "CA1",
        "a": "1",
    }
    assert twilio.form_of(Asked(url, "POST", FORM, b"?"), (("a", "1\r\n 2 "), ("a", "3"))) == {"a": "1 2"}
    for body, form in (
        (b'{"CallSid": "CA1", "more": {"a": 1}, "n": 1}', {"CallSid": "CA1"}),
        (b"[1]", {}),
        (b"{", {}),
        (b"\xff", {}),
        (b"[" * 60_000, {}),
        (b"", {}),
    ):
        assert twilio.form_of(Asked(url, "POST", "application/json", body), ()) == form


def test_what_is_recorded_is_played_and_comes_back() -> None:
    assert written(Heard(Turn.MESSAGE, recordings=("https://x.example/1.mp3?a=1&b=<", "https://x.example/2.mp3"))) == (
        "<Play>https://x.example/1.mp3?a=1&amp;b=&lt;</Play><Play>https://x.example/2.mp3</Play>"
        '<Redirect method="POST">next?after=message&amp;n=0</Redirect>'
    )
    assert written(Heard(Turn.HOLD, step=7)) == (
        '<Play>https://kc.example/hold.wav</Play><Redirect method="POST">next?after=hold&amp;n=7</Redirect>'
    )


def test_what_is_not_recorded_is_read_by_who_knows_the_language() -> None:
    said = (Words("sv", "Du är nummer <3> & först.\x00\ud800"), Words("en", "You're next."), Words("so", "Sug"))
    assert written(Heard(Turn.PLACE, words=said, step=2)) == (
        '<Say language="sv-SE" voice="Polly.Astrid">Du är nummer &lt;3&gt; &amp; först.</Say>'
        '<Say language="en-GB" voice="Polly.Amy">You\'re next.</Say>'
        '<Redirect method="POST">next?after=place&amp;n=2</Redirect>'
    )
    assert "hold.wav" in written(Heard(Turn.PLACE, words=said[2:])), "nobody reads it"
    both = Heard(Turn.PLACE, words=said, recordings=("https://x.example/1.mp3",))
    assert "<Say" not in written(both)


def test_keys_are_listened_for_while_it_plays() -> None:
    asked = Heard(Turn.LANGUAGE, words=(Words("sv", "Svenska, tryck 1."),), keys=Keys("12", timeout=4), step=1)
    assert written(asked) == (
        '<Gather input="dtmf" numDigits="1" finishOnKey="" timeout="4" action="next?after=language&amp;n=1"'
        ' method="POST" actionOnEmptyResult="true">'
        '<Say language="sv-SE" voice="Polly.Astrid">Svenska, tryck 1.</Say></Gather>'
    )


def test_a_phone_is_rung_and_shows_who_calls() -> None:
    ringing = Heard(Turn.CONNECT, number="+46701740606", caller="+46701740605", step=3)
    dialled = (
        '<Dial action="next?after=connect&amp;n=3" method="POST" timeout="20" callerId="{}">'
        '<Number statusCallback="leg" statusCallbackEvent="answered" statusCallbackMethod="POST">+46701740606</Number>'
        "</Dial>"
    )
    assert written(ringing) == dialled.format("+46701740605")
    assert written(ringing, answers=Answers("x", "+46846500400")) == dialled.format("+46846500400")
    withheld = Heard(Turn.URGENT, number="+46846500499")
    assert "callerId" not in written(withheld)
    assert 'action="next?after=urgent' in written(withheld)


def test_who_is_to_hear_nothing_is_hung_up_on_or_never_answered() -> None:
    assert written(Heard(Turn.HANG_UP)) == "<Hangup />"
    assert written(Heard(Turn.HANG_UP), first=True) == "<Reject />"


def test_it_is_what_twilios_library_would_write() -> None:
    theirs = VoiceResponse()
    listening = theirs.gather(
        input="dtmf",
        num_digits="1",
        finish_on_key="",
        timeout="5",
        action="next?after=offer&n=9",
        method="POST",
        action_on_empty_result="true",
    )
    listening.play("https://x.example/1.mp3")
    ours = ANSWERS.write(Heard(Turn.OFFER, recordings=("https://x.example/1.mp3",), keys=Keys("1"), step=9))
    assert ET.canonicalize(ours.decode()) == ET.canonicalize(str(theirs))


@given(st.text(), st.text(), st.sampled_from(Turn))
def test_whatever_is_said_is_xml(text: str, address: str, turn: Turn) -> None:
    for heard in (Heard(turn, words=(Words("sv", text),)), Heard(turn, recordings=(address,), number=text)):
        ET.fromstring(ANSWERS.write(heard))  # noqa: S314 - our own
