"""A visit to a reception desk: a ticket, a matter, and where the visitor is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class VisitState(StrEnum):
    """Where a visitor is."""

    WAITING = "waiting"
    WITH_AGENT = "with_agent"
    """She is called, or there already: her ticket is on the screen."""
    DONE = "done"
    LEFT = "left"
    NO_SHOW = "no_show"
    """She was called as often as the setting says and did not come."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as intake keeps it; the ticket is unique on its day at its desk."""

    contact_id: str
    day: date
    entrance: str
    ticket: str
    matter: str
    name: str | None
    state: VisitState
    registered_at: datetime
    epoch: int = 0
    agent_id: str | None = None
    ended_at: datetime | None = None
    language: str = "sv"
    called_at: datetime | None = None
    """When her ticket was called, last."""
    calls: int = 0
    """How often it was called to where it is called now."""


@dataclass(frozen=True, slots=True)
class CalledAgain:
    """What follows when a visitor does not come: she is called again, or her visit is over."""

    again: bool
    calls: int


def missed(calls: int, recalls: int) -> CalledAgain:
    """Say what follows when a visitor who was called `calls` times is not there; again is `recalls` times at most."""
    again = calls <= recalls
    return CalledAgain(again, calls + 1 if again else calls)


def ticket(number: int) -> str:
    """Return the queue ticket of a number: `B014`."""
    return f"B{number:03d}"


_WAIT: Mapping[str, str] = {
    "sv": "Ditt könummer är {ticket}. Vänta tills det visas på skärmen.",
    "en": "Your ticket is {ticket}. Please wait until it is shown on the screen.",
    "ar": "رقمك هو {ticket}. يرجى الانتظار حتى يظهر على الشاشة.",
    "so": "Lambarkaagu waa {ticket}. Fadlan sug ilaa uu ka soo muuqdo shaashadda.",
    "fa": "شماره شما {ticket} است. لطفاً صبر کنید تا روی صفحه نمایش داده شود.",
    "ti": "ቁጽርኹም {ticket} እዩ። ኣብ ስክሪን ክሳብ ዝረአ ብኽብረትኩም ተጸበዩ።",
    "es": "Su número es {ticket}. Espere hasta que aparezca en la pantalla.",
    "pl": "Twój numer to {ticket}. Proszę czekać, aż pojawi się na ekranie.",
    "uk": "Ваш номер {ticket}. Зачекайте, доки він з’явиться на екрані.",
    "fi": "Vuoronumerosi on {ticket}. Odota, kunnes se näkyy näytöllä.",
}
_RIGHT_TO_LEFT = frozenset({"ar", "fa"})


def said_to_visitor(number: str, language: str) -> str:
    """Return what the visitor reads on her ticket, in her language; in Swedish and English when we do not have it."""
    if language in _WAIT:
        return _WAIT[language].format(ticket=number)
    return " ".join(_WAIT[one].format(ticket=number) for one in ("sv", "en"))


def direction(language: str) -> str:
    """Return which way a language is written: `ltr` or `rtl`."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"
