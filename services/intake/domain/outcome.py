"""What became of a mail: every mail seen is exactly one of five things, counted by the Swedish day it came."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


class Outcome(StrEnum):
    """What became of a mail."""

    IMPORTED = "imported"
    FOLLOW_UP = "follow_up"
    DUPLICATE = "duplicate"
    """Its contact was there already, by another mail of the same Message-ID and body."""
    AUTOMATIC = "automatic"
    """A machine wrote it, bounces included."""
    QUARANTINED = "quarantined"
    """It could not become an event, or a person said that it should not; its bytes are kept."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a mail lies: the mailbox's name, its folder (empty is the inbox), and its number there."""

    mailbox: str
    uidvalidity: int
    uid: int
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger: a mail's place, when its server took it in, which contact it is and what became of it.

    `outcome` is what the mail itself is; that its contact was there already only the ledger can say.
    `message_hash` is a hash of its Message-ID, `why` a short code (the sign of a machine, the fault).
    """

    spot: Spot
    received_at: datetime
    contact_id: str
    message_hash: str
    outcome: Outcome
    why: str = ""

    @property
    def day(self) -> date:
        """The Swedish day that the mail is counted on."""
        return swedish_day(self.received_at)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it stands in the ledger: when we saw the mail, and when it left the inbox."""

    entry: Entry
    seen_at: datetime
    moved_at: datetime | None


def swedish_day(moment: datetime) -> date:
    """Return the day in Sweden."""
    return moment.astimezone(_STOCKHOLM).date()


def believable(told: datetime | None, now: datetime) -> datetime:
    """Return when a mail came: as its server said, or `now` where that cannot be."""
    if told is None or told.tzinfo is None or not _OLDEST < told < now + timedelta(days=1):
        return now
    return told
