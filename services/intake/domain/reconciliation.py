"""The proof: what lies in a mailbox is held against the ledger, and every mail that is not accounted for is named."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.intake.domain.outcome import Line, Outcome, Spot, swedish_day

GRACE = timedelta(minutes=2)
"""What is younger is being taken in right now."""


class Kind(StrEnum):
    """How mailbox and ledger can disagree."""

    WAITING = "waiting"
    """It lies in the inbox and nobody has taken it in."""
    NOT_MOVED = "not_moved"
    """It is taken in and lies in the inbox still."""
    UNKNOWN = "unknown"
    """It lies among the processed and was never taken in: somebody moved it by hand."""
    NOT_PUBLISHED = "not_published"
    """It has an outcome, and no event is known of it."""


@dataclass(frozen=True, slots=True)
class Lying:
    """A mail in the inbox: its number, and when its server took it in."""

    uid: int
    came_at: datetime | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """The inbox as it was found: its UIDVALIDITY and every number in it."""

    uidvalidity: int
    uids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Processed:
    """The processed as they were found: number and mark of each side by side, as there may be a hundred thousand."""

    uidvalidity: int
    uids: "array[int]"
    marks: "array[int]"


def mark_of(message_hash: str) -> int:
    """Return the hash of a Message-ID as a number that an array holds: its first 60 bits."""
    return int(message_hash[:15], 16)


@dataclass(frozen=True, slots=True)
class Difference:
    """A mail about which mailbox and ledger disagree."""

    kind: Kind
    spot: Spot
    received_at: datetime
    contact_id: str | None = None
    found_at: datetime | None = None
    """When it was first found; None before it is written."""

    @property
    def id(self) -> str:
        """What it is known by: the same at every comparison."""
        spot = self.spot
        named = (self.kind, spot.mailbox, spot.folder, str(spot.uidvalidity), str(spot.uid))
        return hashlib.sha256("\x1f".join(named).encode()).hexdigest()[:24]

    @property
    def day(self) -> date:
        """The Swedish day it is counted on."""
        return swedish_day(self.received_at)


class Tally:
    """What the ledger says of a mailbox, read page by page: what stands out is kept, the rest is only counted.

    `now` is when the folders began to be listed.
    """

    def __init__(self, mailbox: str, inbox: Inbox, now: datetime) -> None:
        self.not_moved: list[Difference] = []
        """What has a line for a while and lies in the inbox all the same."""
        self.not_published: list[Difference] = []
        """What has become something without an event that is known of."""
        self.gone: list[Spot] = []
        """What left the inbox without our writing it down: killed in between, or moved by somebody."""
        self.standing: Counter[int] = Counter()
        """For how many mails outside the inbox a line stands, by the mark of their Message-ID."""
        self._now = now
        self._mailbox = mailbox
        self._inbox = inbox
        self._without = set(inbox.uids)

    def add(self, lines: Iterable[Line], published: Collection[str]) -> None:
        """Count a page of lines; of whose contacts `published` names those with an event."""
        for line in lines:
            entry, spot = line.entry, line.entry.spot
            here = not spot.folder and spot.uidvalidity == self._inbox.uidvalidity and spot.uid in self._inbox.uids
            passing = self._now - (line.moved_at or line.seen_at) <= GRACE
            if here:
                self._without.discard(spot.uid)
            if here and not passing:
                self.not_moved.append(_of(Kind.NOT_MOVED, line))
            # The folders are listed one after the other: what is moved in between lies in both, and is one mail.
            if not here or passing:
                self.standing[mark_of(entry.message_hash)] += 1
            if not here and line.moved_at is None and not spot.folder and line.seen_at < self._now:
                self.gone.append(spot)
            counted = entry.outcome not in {Outcome.QUARANTINED, Outcome.DUPLICATE}
            if counted and entry.contact_id not in published:
                self.not_published.append(_of(Kind.NOT_PUBLISHED, line))

    def without_line(self) -> list[int]:
        """Return the numbers of the mails in the inbox that have no line, the newest first."""
        return sorted(self._without, reverse=True)

    def waiting(self, mails: Iterable[Lying]) -> list[Difference]:
        """Return which of the mails without a line have lain in the inbox for a while."""
        old = [(one.uid, one.came_at) for one in mails if one.came_at and self._now - one.came_at > GRACE]
        return [Difference(Kind.WAITING, self._spot(uid), came_at) for uid, came_at in old if uid in self._without]

    def _spot(self, uid: int) -> Spot:
        return Spot(self._mailbox, self._inbox.uidvalidity, uid)


def unmatched(processed: Processed, lines: Counter[int]) -> list[int]:
    """Return the numbers of the mails that no line stands for; every match takes a line away from `lines`.

    A line stands for one mail: of two with the same Message-ID and one line, one is unmatched.
    """
    left: list[int] = []
    for uid, mark in zip(processed.uids, processed.marks, strict=True):
        if lines[mark] > 0:
            lines[mark] -= 1
        else:
            left.append(uid)
    return left


def _of(kind: Kind, line: Line) -> Difference:
    return Difference(kind, line.entry.spot, line.entry.received_at, line.entry.contact_id)
