"""The moments until which contacts of a closed queue are held, told apart from all other moments they may wait for.

Whoever waits for an opening hour or for a promised return call has a moment of whole seconds. A closure that ends by
the clock ends one millisecond after what was asked for; one that somebody has to end lies far away, at a moment of its
queue's own. So opening a queue lets in exactly those who waited for that.
"""

from datetime import UTC, datetime, timedelta
from zlib import crc32

FAR = datetime(2999, 1, 1, tzinfo=UTC)
"""From here on a moment means: when the queue is opened."""
_MARK = timedelta(milliseconds=1)


def marked(until: datetime) -> datetime:
    """Return the moment at which a closure until `until` ends."""
    return until.astimezone(UTC).replace(microsecond=0) + _MARK


def until_opened(queue: str) -> datetime:
    """Return the moment that stands for: when the queue is opened."""
    return FAR + timedelta(milliseconds=crc32(queue.encode()))


def is_closing(moment: datetime) -> bool:
    """Say whether a contact that waits until this moment waits because its queue is closed."""
    return moment >= FAR or round(moment.microsecond / 1000) == 1
