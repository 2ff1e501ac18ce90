"""What goes out to a citizen: when it can be taken back, and what is known of where it is."""

from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from shared.errors import DomainError

UNDO = timedelta(seconds=10)
"""How long a reply waits before it is sent, so that she who wrote it can take it back."""
LATELY = timedelta(minutes=10)
"""How long ago a colleague's answer is said before another one is sent."""


LATER = "4.0.0"
"""The status of a mail that its receiver's server has not delivered yet, when the report says no other."""


class OutgoingDeed(StrEnum):
    """What is done with what goes out, as the history of a case says it."""

    UNDO_REPLY = "undo_reply"
    BOUNCED = "bounced"
    DOUBTED = "doubted"
    """A report that names no mail of ours says that it did not arrive."""
    FAILED = "failed"
    SEND_AGAIN = "send_again"


class Delivery(StrEnum):
    """Where something that goes out is."""

    QUEUED = "queued"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    """Taken by the next server, or by the provider of SMS."""
    DELIVERED = "delivered"
    """In the phone."""
    BOUNCED = "bounced"
    FAILED = "failed"
    UNDONE = "undone"


class GoneError(DomainError):
    """It is on its way or there, so that it cannot be taken back."""

    type = "gone"
    status = 409
    title = "Svaret har redan gått i väg och kan inte ångras."


class NotFailedError(DomainError):
    """It has not failed, so that it cannot be sent again."""

    type = "not-failed"
    status = 409
    title = "Det har inte misslyckats, så det kan inte skickas igen."


class AnsweredError(DomainError):
    """A colleague has answered since she began to write."""

    type = "answered"
    status = 409
    title = "{name} har nyss svarat i ärendet. Läs det svaret först. Skicka igen om du ändå vill svara."


class BlankFieldsError(DomainError):
    """A field of the template is not filled in."""

    type = "blank-fields"
    status = 422
    title = "Fyll i det som är markerat innan du skickar: {fields}."


def delivery(state: str, attempts: int) -> Delivery:
    """Return where it is, by the state of its row."""
    if state == "queued":
        return Delivery.RETRYING if attempts else Delivery.QUEUED
    return Delivery(state)


UNDELIVERED = "undelivered"
"""What is noted of an SMS that its provider could not deliver."""
_WHY = MappingProxyType(
    {
        "address": "address",
        "timeout": "timeout",
        "not connected": "connect",
        "file": "file",
        UNDELIVERED: UNDELIVERED,
    }
)


def why(problem: str) -> str:
    """Return the kind of a problem that the queue has noted: a key of the words of the pages, `other` if unknown.

    `550` and `5.1.1` are refused by the receiver, `451` is put off, `away …` is our own mail server, `perhaps …` a
    report that names no mail.
    """
    plain = problem.strip()
    if plain.startswith(("away ", "unknown ", "perhaps ")) or plain == "perhaps":
        return plain.split(" ", 1)[0]
    if plain in _WHY:
        return _WHY[plain]
    if plain[:1] == "5":
        return "refused"
    if plain[:1] == "4":
        return "later"
    return "other" if plain else ""


def may_undo(sent_at: datetime, now: datetime, undo: timedelta = UNDO) -> bool:
    """Return whether a reply of `sent_at` can still be taken back."""
    return now < sent_at + undo
