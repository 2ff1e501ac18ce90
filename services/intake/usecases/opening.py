"""Whether an entrance's unit answers the phone now."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from shared.opening import Opening
from shared.records import HoursRecord
from shared.vocabulary import Channel

log = structlog.get_logger(__name__)


class Hours(Protocol):
    """What knows the hours: the catalogue."""

    def hours(self, unit_id: str, channel: Channel) -> HoursRecord | None: ...


@dataclass(frozen=True, slots=True)
class PhoneHours:
    """Reads the hours of a unit once for as long as they are the same."""

    hours: Hours
    _read: dict[str, tuple[HoursRecord, Opening | None]] = field(default_factory=dict)

    def is_open(self, unit: str, at: datetime) -> bool:
        """Say whether the unit answers; one without hours, or with hours that cannot be read, always does."""
        record = self.hours.hours(unit, Channel.PHONE)
        if record is None:
            return True
        known = self._read.get(unit)
        if known is None or known[0] is not record:
            known = (record, _opening(record))
            self._read[unit] = known
        return known[1] is None or known[1].is_open(at)


def _opening(record: HoursRecord) -> Opening | None:
    try:
        return Opening.of(record)
    except ValueError:
        log.error("hours_unreadable", unit=record.unit)  # noqa: TRY400 - the trace says nothing more
        return None
