"""Twilio: the forms it posts and the TwiML it is answered with, by its documentation of voice webhooks.

Parameters come and go without notice, so only those we need are read. Addresses of ours are relative: Twilio resolves
them by the one it called, whichever of our names that was.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree import ElementTree as ET  # only writes

from services.intake.channels.phone import e164
from services.intake.channels.twilio_signature import Asked, Pairs, pairs_of
from services.intake.domain.call import CONNECTS, HangUp, Heard, Result, Ring, Turn
from services.intake.domain.text import one_line
from shared.errors import DomainError, FieldError

Form = Mapping[str, str]
"""What was posted, one value a name."""

OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""The states that a call does not leave."""
NOTHING = b"<Response />"
"""The answer that leaves a call as it is."""
RING_SECONDS = 20
"""How long a phone is rung."""

_SID = re.compile(r"CA[0-9A-Za-z]{8,64}", re.ASCII)
_DIGITS = re.compile(r"[0-9*#]{1,20}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,7}", re.ASCII)
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_WITHHELD = frozenset({"anonymous", "restricted", "blocked", "unknown", "unavailable"})
_WITHHELD_NUMBERS = frozenset(word.translate(_KEYPAD) for word in _WITHHELD)
"""How Twilio spells them as numbers: anonymous is +266696687."""
_RESULTS = {"completed": Result.SUCCESS, "answered": Result.SUCCESS, "busy": Result.BUSY}
_VOICES = {
    "sv": ("sv-SE", "Polly.Astrid"),
    "en": ("en-GB", "Polly.Amy"),
    "fi": ("fi-FI", "Polly.Suvi-Neural"),
    "ar": ("arb", "Polly.Zeina"),
    "da": ("da-DK", "Polly.Naja"),
    "no": ("nb-NO", "Polly.Liv"),
    "de": ("de-DE", "Polly.Marlene"),
    "es": ("es-ES", "Polly.Conchita"),
    "fr": ("fr-FR", "Polly.Celine"),
    "pl": ("pl-PL", "Polly.Maja"),
    "ru": ("ru-RU", "Polly.Tatyana"),
    "tr": ("tr-TR", "Polly.Filiz"),
}
"""Who reads which language; nobody reads a language that she does not know."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class CallSidMissingError(DomainError):
    """Twilio did not say which call it speaks of."""

    type = "invalid-input"
    status = 422
    title = "Något i det du skickade stämmer inte."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/CallSid", "Uppgiften saknas.")])


def form_of(asked: Asked, posted: Pairs) -> Form:
    """Return what Twilio says, wherever it stood; of several values the first."""
    if asked.method == "GET":
        posted = pairs_of(asked.query.encode("utf-8", "surrogateescape"))
    elif not asked.is_form:
        posted = _json(asked.body)
    return {name: one_line(value) for name, value in reversed(posted)}


def _json(body: bytes) -> Pairs:
    try:
        told = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return ()
    if not isinstance(told, dict):
        return ()
    return tuple((name, value) for name, value in told.items() if isinstance(value, str))


def ring(form: Form, step: int | None = None) -> Ring:
    """Read a call that comes in, or comes back from a turn of ours."""
    to = form.get("To", "")
    return Ring(
        call_id=_call_id(form),
        dialled=_number(to) or to[:60],
        caller=_number(form.get("From", "")),
        incoming=form.get("Direction", "inbound") == "inbound",
        result=_result(form),
        digits=_digits(form),
        step=step,
        reads_aloud=True,
    )


def hang_up(form: Form) -> HangUp | None:
    """Read the end of a call, or None: it goes on, or it is a leg's; no state comes too late to be of no account."""
    state = form.get("CallStatus", "")
    if state not in OVER or form.get("ParentCallSid"):
        return None
    return HangUp(_call_id(form), state if state in {"busy", "failed"} else "success", leg_seconds(form))


def answered_leg(form: Form) -> str | None:
    """Return the call whose phone has been answered, or None: it rings, or is over."""
    return _call_id(form, "ParentCallSid") if form.get("CallStatus") == "in-progress" else None


def leg_seconds(form: Form) -> tuple[float, ...]:
    """Return how long caller and agent talked, where it says."""
    told = form.get("DialCallDuration", "")
    return (float(told),) if _SECONDS.fullmatch(told) else ()


def _call_id(form: Form, name: str = "CallSid") -> str:
    """Return our id of a call: a slash stands in no other telephony's."""
    sid = form.get(name, "")
    if not _SID.fullmatch(sid):
        raise CallSidMissingError
    return f"twilio/{sid}"


def _number(address: str) -> str | None:
    """Return the number of an address, a SIP one's too, or None: withheld, a client, or no number."""
    user = address.partition(":")[2].partition("@")[0] if address.lower().startswith(("sip:", "sips:")) else address
    plain = user.lower().lstrip("+")
    hidden = plain in _WITHHELD or plain in _WITHHELD_NUMBERS or plain.startswith("client:")
    return None if hidden else e164(user)


def _digits(form: Form) -> str:
    told = form.get("Digits", "")
    return told if _DIGITS.fullmatch(told) else ""


def _result(form: Form) -> Result:
    """Return what became of a turn: of the phone that was rung, or of listening for keys."""
    if dialled := form.get("DialCallStatus"):
        return _RESULTS.get(dialled, Result.FAILED)
    if "Digits" in form:
        return Result.SUCCESS if _digits(form) else Result.NO_INPUT
    return Result.NONE


@dataclass(frozen=True, slots=True)
class Answers:
    """Writes TwiML; `caller_id` is shown to the phones that are rung instead of the caller's number."""

    hold_sound: str
    caller_id: str = ""

    def write(self, heard: Heard, *, first: bool = False) -> bytes:
        """Return the TwiML of a turn; whatever it is, its end leads back to us.

        A call that is not answered yet (`first`) and is to hear nothing is rejected, which costs nobody anything.
        """
        response = ET.Element("Response")
        back = _ours("next", after=heard.turn, n=heard.step)
        if heard.turn is Turn.HANG_UP:
            ET.SubElement(response, "Reject" if first else "Hangup")
        elif heard.turn in CONNECTS:
            self._dial(response, heard, back)
        elif heard.keys:
            listening = {"input": "dtmf", "numDigits": "1", "finishOnKey": "", "timeout": str(heard.keys.timeout)}
            back_too = {"action": back, "method": "POST", "actionOnEmptyResult": "true"}
            self._sounds(ET.SubElement(response, "Gather", listening | back_too), heard)
        else:
            self._sounds(response, heard)
            _text(ET.SubElement(response, "Redirect", {"method": "POST"}), back)
        told: bytes = ET.tostring(response, "utf-8", xml_declaration=True)
        return told

    def _dial(self, response: ET.Element, heard: Heard, back: str) -> None:
        shown = self.caller_id or heard.caller
        how = {"action": back, "method": "POST", "timeout": str(RING_SECONDS)} | ({"callerId": shown} if shown else {})
        told = {"statusCallback": "leg", "statusCallbackEvent": "answered", "statusCallbackMethod": "POST"}
        _text(ET.SubElement(ET.SubElement(response, "Dial", how), "Number", told), heard.number)

    def _sounds(self, within: ET.Element, heard: Heard) -> None:
        """Play what is recorded, else say the words, else hold."""
        said = [] if heard.recordings else [words for words in heard.words if words.language in _VOICES]
        for words in said:
            language, voice = _VOICES[words.language]
            _text(ET.SubElement(within, "Say", {"language": language, "voice": voice}), words.text)
        for recording in heard.recordings or (() if said else (self.hold_sound,)):
            _text(ET.SubElement(within, "Play"), recording)


def _text(element: ET.Element, text: str) -> None:
    element.text = _NO_XML.sub("", text)


def _ours(door: str, **query: object) -> str:
    words = urlencode(query)
    return door + (f"?{words}" if words else "")
