"""What an entrance's callers hear: the kinds of recordings, and which of those uploaded is played."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.intake.domain.call import Turn

ALL = "*"
"""In the place of an entrance: for every entrance that has none of its own."""
SWEDISH = "sv"
MOST_PLACES = 10
_MP3_SYNC = 0xE0


class Kind(StrEnum):
    """What a recording says."""

    MESSAGE = "message"
    CLOSED = "closed"
    DISTURBANCE = "disturbance"
    LANGUAGE = "language"
    OFFER = "offer"
    PROMISED = "promised"
    FAULT = "fault"
    PLACE_1 = "place_1"
    PLACE_2 = "place_2"
    PLACE_3 = "place_3"
    PLACE_4 = "place_4"
    PLACE_5 = "place_5"
    PLACE_6 = "place_6"
    PLACE_7 = "place_7"
    PLACE_8 = "place_8"
    PLACE_9 = "place_9"
    PLACE_10 = "place_10"
    PLACE_MORE = "place_more"


class Format(StrEnum):
    """What telephony plays, by the ending of its address."""

    WAV = "wav"
    MP3 = "mp3"
    OGG = "ogg"

    @property
    def content_type(self) -> str:
        """Return the media type."""
        return {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg"}[self.value]


@dataclass(frozen=True, slots=True)
class Recording:
    """An uploaded recording; `version` is the SHA-256 of its bytes, so that its address changes when they do."""

    entrance: str
    kind: Kind
    language: str
    version: str
    format: Format
    size: int
    uploaded_at: datetime
    uploaded_by: str

    @property
    def file(self) -> str:
        """Return the name at the end of its address."""
        return f"{self.version}.{self.format}"


def format_of(data: bytes) -> Format | None:
    """Return what a recording is by its first bytes, whatever its name says; None for what telephony cannot play."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return Format.WAV
    if data[:4] == b"OggS":
        return Format.OGG
    frame = len(data) > 1 and data[0] == 0xFF and data[1] & _MP3_SYNC == _MP3_SYNC
    return Format.MP3 if data[:3] == b"ID3" or frame else None


def kind_of(turn: Turn, place: int | None = None) -> Kind | None:
    """Return what must be recorded for a turn; None when nothing of an entrance's own is heard in it."""
    if turn is Turn.PLACE and place is not None:
        return Kind(f"place_{place}") if 1 <= place <= MOST_PLACES else Kind.PLACE_MORE
    return Kind(turn.value) if turn.value in _KINDS else None


_KINDS = frozenset(kind.value for kind in Kind)

Shelf = Mapping[tuple[str, Kind, str], Recording]
"""Recordings by entrance, kind and language."""


def find(shelf: Shelf, entrance: str, kind: Kind, language: str) -> Recording | None:
    """Return the recording to play: the entrance's own before that of all, the caller's language before Swedish."""
    wanted = ((place, kind, tongue) for place in (entrance, ALL) for tongue in (language, SWEDISH))
    return next((shelf[one] for one in wanted if one in shelf), None)
