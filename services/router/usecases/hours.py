"""When a unit answers on a channel; asked for every contact, so answers of the same minute are remembered."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from shared.catalogue import Catalogue
from shared.opening import NeverOpenError, Opening
from shared.vocabulary import Channel

_MOST = 4096
"""Answers that are remembered; a minute of 30 units on four channels is 120."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Hours:
    """Reads the opening hours of the catalogue; what has changed there is seen at once."""

    catalogue: Catalogue
    _version: int = -1
    _openings: dict[tuple[str, Channel], Opening | None] = field(default_factory=dict)
    _answers: dict[tuple[str, Channel, datetime], datetime | None] = field(default_factory=dict)

    def opens_at(self, unit: str, channel: Channel, at: datetime) -> datetime | None:
        """Return when the unit opens next on that channel; None when it is open, or no hours of it are known.

        Hours that will never be open keep nobody waiting either: a warning says so once.
        """
        if self._version != self.catalogue.version:
            self._version = self.catalogue.version
            self._openings.clear()
            self._answers.clear()
        elif len(self._answers) >= _MOST:
            self._answers.clear()
        minute = at.astimezone(UTC).replace(second=0, microsecond=0)
        asked = (unit, channel, minute)
        if asked not in self._answers:
            self._answers[asked] = self._look_up(unit, channel, minute)
        return self._answers[asked]

    def _look_up(self, unit: str, channel: Channel, minute: datetime) -> datetime | None:
        opening = self._opening(unit, channel)
        if opening is None:
            return None
        try:
            opens = opening.next_open(minute)
        except NeverOpenError as error:
            self._useless(unit, channel, error)
            return None
        return opens if opens > minute else None

    def _opening(self, unit: str, channel: Channel) -> Opening | None:
        if (unit, channel) not in self._openings:
            self._openings[unit, channel] = self._read(unit, channel)
        return self._openings[unit, channel]

    def _read(self, unit: str, channel: Channel) -> Opening | None:
        record = self.catalogue.hours(unit, channel)
        if record is None:
            return None
        try:
            return Opening.of(record)
        except ValueError as error:
            self._useless(unit, channel, error)
            return None

    def _useless(self, unit: str, channel: Channel, error: ValueError) -> None:
        log.warning("hours_useless", unit=unit, channel=channel, error=str(error))
        self._openings[unit, channel] = None
