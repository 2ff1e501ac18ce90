"""How long whoever has failed waits before the next attempt."""

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Growing:
    """A wait that doubles with each failure in a row, from `first` on, jittered so that many do not come at once."""

    first: float
    earliest: float = 1.0
    """The least that chance makes of a wait, as a share of it; the most is 1.25."""
    failures: int = 0

    def next(self, longest: float, least: float = 0.0) -> float:
        """Return the seconds to wait after one more failure: at most `longest`, but never under `least`."""
        wait: float = max(min(self.first * 2**self.failures, longest), least)
        self.failures = min(self.failures + 1, 30)
        return wait * random.uniform(self.earliest, 1.25)  # noqa: S311 - jitter is no secret

    def well(self) -> None:
        """Begin anew: it went well."""
        self.failures = 0
