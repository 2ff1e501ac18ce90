"""The requests of this process that wait for an offer, by agent: woken one by one, never all for one contact."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Waiters:
    """One event per waiting request."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Event]] = {}

    @contextmanager
    def waiting(self, agent_id: str) -> Iterator[asyncio.Event]:
        """Wait for this agent: the event is set when there may be something for her."""
        woken = asyncio.Event()
        self._waiting.setdefault(agent_id, []).append(woken)
        try:
            yield woken
        finally:
            here = self._waiting[agent_id]
            here.remove(woken)
            if not here:
                del self._waiting[agent_id]

    def wake(self, agent_id: str) -> bool:
        """Wake the newest request of an agent, if this process has one."""
        here = self._waiting.get(agent_id)
        if not here:
            return False
        here[-1].set()
        return True

    def wake_all(self) -> None:
        """Let everybody look: what was said while we could not hear is unknown."""
        for here in self._waiting.values():
            here[-1].set()

    def count(self, agent_id: str) -> int:
        """Return how many requests wait for an agent."""
        return len(self._waiting.get(agent_id, ()))

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))
