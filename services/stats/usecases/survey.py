"""Keeps the newest survey of the streams, so that a page asks nobody."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from services.stats.domain.streams import Sample, Stream, streams_of

_KEPT = 6


@dataclass(slots=True)
class Survey:
    """The last minute of samples; rates are over all that is kept."""

    take: Callable[[], Awaitable[Sample]]
    _samples: list[Sample] = field(default_factory=list)

    async def look(self) -> None:
        """Take one more sample."""
        self._samples = [*self._samples, await self.take()][-_KEPT:]

    @property
    def newest(self) -> Sample | None:
        """The newest sample, None before the first."""
        return self._samples[-1] if self._samples else None

    def streams(self) -> Sequence[Stream]:
        """Return the streams as of the newest sample."""
        if not self._samples:
            return ()
        before = self._samples[0] if len(self._samples) > 1 else None
        return streams_of(self._samples[-1], before)
