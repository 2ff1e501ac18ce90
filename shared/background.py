"""Loops that must live as long as the process: restarted when they fail, and not ready while they do."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from shared import metrics
from shared.health import Health

Run = Callable[[], Awaitable[None]]

_LONGEST_WAIT = 10.0
_CANCEL_AGAIN_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Background:
    """Runs each loop in a task of its own; one that raises or returns is started again after a jittered wait."""

    def __init__(self, health: Health, *, settle: float = 5.0, first_wait: float = 0.2) -> None:
        self._health = health
        self._settle = settle
        self._first_wait = first_wait
        self._loops: dict[str, Run] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, run: Run) -> None:
        """Run this loop from the start of the process to its stop."""
        self._loops[name] = run

    async def start(self) -> None:
        """Start every loop."""
        self._tasks = [asyncio.create_task(self._keep(name, run), name=name) for name, run in self._loops.items()]

    async def stop(self) -> None:
        """Cancel every loop and wait until each has left; again, where a library has swallowed it (redis-py can)."""
        waiting = set(self._tasks)
        while waiting:
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=_CANCEL_AGAIN_SECONDS)
        self._tasks = []

    async def _keep(self, name: str, run: Run) -> None:
        wait = self._first_wait
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            problem = await self._once(name, run)
            metrics.LOOP_RESTARTS.labels(name).inc()
            if loop.time() - started > self._settle:
                wait = self._first_wait
            self._health.set(f"loop.{name}", problem)
            await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - jitter is no secret
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _once(self, name: str, run: Run) -> str:
        """Run the loop until it ends; it is well again once it has lived for `settle` seconds."""
        well = asyncio.get_running_loop().call_later(self._settle, self._health.set, f"loop.{name}", None)
        try:
            await run()
        except Exception as error:
            log.exception("loop_failed", loop=name)
            return f"{type(error).__name__}: restarting"
        finally:
            well.cancel()
        return "ended: restarting"
