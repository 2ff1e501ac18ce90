"""How long a mailbox waits between two attempts, and which mails it leaves in peace meanwhile."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.intake.channels.imap_errors import ERRORS, LoginRefusedError, ServerError
from services.intake.domain.growing import Growing


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds between two attempts: the first, doubled until the longest of the kind of trouble."""

    first: float = 1.0
    longest: float = 60.0
    refused: float = 60.0
    """After a refused login, at the least: servers lock an account that is knocked at."""
    refused_longest: float = 300.0
    ours_longest: float = 5.0
    """While a part of our own (log, database, originals) is away."""
    settled: float = 30.0
    """A connection that held so long was a good one; one that breaks sooner is waited for ever longer."""


@dataclass(slots=True)
class Backoff:
    """The growing wait of one mailbox."""

    waits: Waits
    _growing: Growing = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the first wait."""
        self._growing = Growing(self.waits.first, earliest=0.75)

    def after(self, error: Exception, lived: float) -> float:
        """Return the seconds to wait after a session that was well for `lived` seconds, jittered."""
        if lived >= self.waits.settled:
            self._growing.well()
        least, most = self._bounds(error)
        return self._growing.next(most, least)

    def _bounds(self, error: Exception) -> tuple[float, float]:
        match error:
            case LoginRefusedError():
                refused = self.waits.refused * 2**self._growing.failures
                return min(refused, self.waits.refused_longest), self.waits.refused_longest
            case ServerError():
                return 0.0, self.waits.longest
            case _ if isinstance(error, ERRORS):
                return 0.0, self.waits.longest
            case _:
                return 0.0, self.waits.ours_longest


TRIES_TOGETHER = 2
TRIES = 5
PASSED_SECONDS = 600.0


@dataclass(slots=True)
class Tries:
    """Mails that the connection broke at, by UID: soon read alone, then left in peace for a while.

    One mail that its server cannot hand over must never stop those behind it.
    """

    _broken: Counter[int] = field(default_factory=Counter)
    _passed: dict[int, float] = field(default_factory=dict)

    def begin(self, uids: Sequence[int]) -> None:
        """These are read now; if the connection breaks, it is at one of them."""
        self._broken.update(uids)

    def done(self, uids: Sequence[int]) -> None:
        """These were read."""
        for uid in uids:
            self._broken.pop(uid, None)
            self._passed.pop(uid, None)

    def refused(self, uid: int, now: float) -> None:
        """The server says that it cannot hand over this one."""
        self._broken.pop(uid, None)
        self._passed[uid] = now + PASSED_SECONDS

    def alone(self, uid: int) -> bool:
        """Say whether this one is to be read by itself."""
        return self._broken[uid] >= TRIES_TOGETHER

    def passed(self, now: float) -> frozenset[int]:
        """Return those that are left in peace until later."""
        for uid, times in list(self._broken.items()):
            if times >= TRIES:
                self._broken[uid] = TRIES_TOGETHER
                self._passed[uid] = now + PASSED_SECONDS
        self._passed = {uid: until for uid, until in self._passed.items() if until > now}
        return frozenset(self._passed)

    def forget(self) -> None:
        """The numbers mean nothing any more."""
        self._broken.clear()
        self._passed.clear()
