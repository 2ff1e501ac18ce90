"""How often one address may call: a bucket of tokens for each address and class of doors, in a bounded table."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, IPv6Network

from shared.web.callers import Address

MOST_SOURCES = 10_000
"""Addresses that are remembered; who has been silent longest is forgotten, which gives her a full bucket again."""
BURST_SECONDS = 2.0
"""A full bucket holds what may come in so many seconds."""


class Rates:
    """Tokens by class of doors and source; a class without a rate is not counted."""

    def __init__(self, per_second: Mapping[str, float], clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = {name: rate for name, rate in per_second.items() if rate > 0}
        self._clock = clock
        self._left: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, door: str, source: Address | None) -> int:
        """Take a token and return 0, or return after how many whole seconds there will be one."""
        rate = self._rates.get(door)
        if rate is None:
            return 0
        name, now, most = (door, source_of(source)), self._clock(), max(1.0, rate * BURST_SECONDS)
        left, since = self._left.get(name, (most, now))
        left = min(most, left + (now - since) * rate)
        enough = left >= 1
        self._left[name] = (left - 1 if enough else left, now)
        self._left.move_to_end(name)
        if len(self._left) > MOST_SOURCES:
            self._left.popitem(last=False)
        return 0 if enough else math.ceil((1 - left) / rate)


def source_of(address: Address | None) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 that one subscriber has of IPv6."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address)
