"""What is said to a caller where nobody has recorded it: plain text for telephony that reads aloud."""

from collections.abc import Mapping, Sequence

from services.intake.domain.call import Turn, Words
from services.intake.domain.dialogue import MOST_LANGUAGES

_SAID: Mapping[Turn, Mapping[str, str]] = {
    Turn.CLOSED: {"sv": "Vi har stängt just nu.", "en": "We are closed at the moment."},
    Turn.FAULT: {
        "sv": "Vi har ett tekniskt fel just nu. Du står kvar i kön och vi svarar så snart vi kan.",
        "en": "We have a technical problem at the moment. You keep your place, and we will answer as soon as we can.",
    },
    Turn.MESSAGE: {
        "sv": "Alla är upptagna just nu. Dröj kvar så svarar vi i tur och ordning.",
        "en": "Everybody is busy at the moment. Please hold, and we will answer in turn.",
    },
    Turn.PLACE: {"sv": "Du har plats {place} i kön.", "en": "You are number {place} in the queue."},
    Turn.OFFER: {
        "sv": "Vill du bli uppringd när det är din tur, tryck 1. Annars kan du vänta kvar.",
        "en": "To be called back when it is your turn, press 1. Otherwise, please hold.",
    },
    Turn.PROMISED: {
        "sv": "Tack. Vi ringer upp dig när det är din tur. Nu kan du lägga på.",
        "en": "Thank you. We will call you when it is your turn. You may hang up now.",
    },
}
_URGENT = {"sv": "Är det akut, tryck 1.", "en": "If it is urgent, press 1."}
_CHOICE = {
    "sv": "För svenska, tryck {key}.",
    "en": "For English, press {key}.",
    "fi": "Jos haluat puhua suomea, paina {key}.",
}


def words(turn: Turn, language: str, *, place: int | None = None, jour: bool = False) -> tuple[Words, ...]:
    """Return what is said in a turn, in the caller's language or else in English; nothing for a turn without words."""
    said = _SAID.get(turn)
    if said is None:
        return ()
    tongue = language if language in said else "en"
    text = said[tongue].format(place=place)
    return (Words(tongue, f"{text} {_URGENT[tongue]}" if jour and turn is Turn.CLOSED else text),)


def choice(languages: Sequence[str]) -> tuple[Words, ...]:
    """Return the menu of languages, each in its own; one that we have no sentence for is left out."""
    keys = enumerate(languages[:MOST_LANGUAGES], start=1)
    return tuple(Words(one, _CHOICE[one].format(key=key)) for key, one in keys if one in _CHOICE)


def disturbance(texts: Sequence[str]) -> tuple[Words, ...]:
    """Return what may be told of open incidents, as they were written: in Swedish."""
    return tuple(Words("sv", text) for text in texts if text)
