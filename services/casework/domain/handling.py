"""Handling time (*handläggningstid*): what a case has taken, in seconds, each second once.

A call or a visit: from when it was taken until the citizen left (a call: what telephony says was connected), hold, and
after-work. Everything else, and what is done in a call's case when the citizen is gone: the seconds that the case was
open on its agent's desk, in front, and used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.vocabulary import LIVE_CHANNELS, Channel


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call or a visit as far as its time is concerned; `connected` is what telephony said of a call, if it did."""

    accepted_at: datetime
    ended_at: datetime | None
    done_at: datetime | None
    connected: float | None = None
    hold: float = 0.0
    after_work: float = 0.0
    we_called: bool = False
    """A return call: what telephony knows is the call before it."""

    def talk(self, now: datetime) -> float:
        """Return the seconds of talk until it ended; until `now` while it goes on."""
        left = self.ended_at if self.ended_at and self.ended_at >= self.accepted_at else None
        window = max(0.0, ((left or self.done_at or now) - self.accepted_at).total_seconds())
        known = bool(self.connected) and not self.we_called
        return max(0.0, (min(self.connected or 0.0, window) if known else window) - self.hold)


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds by what they were; `desk` is work that is neither a conversation nor the after-work of one."""

    talk: float = 0.0
    hold: float = 0.0
    after_work: float = 0.0
    desk: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.talk + self.hold + self.after_work + self.desk


def spent(channel: Channel, talks: Sequence[Conversation], beaten: float, reported: float, now: datetime) -> Time:
    """Return what a case has taken so far: never less than what was told of it (`reported`).

    In the case of a call or a visit what was done when the citizen had gone is its after-work.
    """
    talk, hold = sum(one.talk(now) for one in talks), sum(one.hold for one in talks)
    after_work = sum(one.after_work for one in talks)
    desk = max(beaten, reported - talk - hold - after_work)
    if channel in LIVE_CHANNELS:
        after_work, desk = after_work + desk, 0.0
    return Time(talk, hold, after_work, max(0.0, desk))


def since(
    channel: Channel,
    talks: Sequence[Conversation],
    whole: Time,
    reported: float,
    told_at: datetime | None,
    now: datetime,
) -> Time:
    """Return what is new since the case's last end (`told_at`, None: there was none); its total is what is told now."""
    new = round(max(0.0, whole.total - reported), 1)
    fresh = [one for one in talks if told_at is None or one.accepted_at > told_at]
    talk = min(new, round(sum(one.talk(now) for one in fresh), 1))
    hold = min(round(new - talk, 1), round(sum(one.hold for one in fresh), 1))
    rest = round(new - talk - hold, 1)
    if channel in LIVE_CHANNELS:
        return Time(talk, hold, rest)
    after_work = min(rest, round(sum(one.after_work for one in fresh), 1))
    return Time(talk, hold, after_work, round(rest - after_work, 1))
