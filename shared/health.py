"""What is wrong with this process right now: checks that are asked, and problems that loops report."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from shared.clock import Clock, utc_now

Check = Callable[[], Awaitable[str | None]]
"""Returns None when well, else what is wrong."""


class Health:
    """The parts a service stands on; `/health/ready` answers from here and names each that fails, and since when."""

    def __init__(self, timeout: float = 2.0, clock: Clock = utc_now) -> None:
        self._timeout = timeout
        self._clock = clock
        self._checks: dict[str, Check] = {}
        self._problems: dict[str, str] = {}
        self._since: dict[str, datetime] = {}
        self._bearable: set[str] = set()

    def add(self, name: str, check: Check, *, blocks: bool = True) -> None:
        """Ask `check` whenever somebody wants to know; a part that does not block leaves the service ready."""
        self._checks[name] = check
        (self._bearable.discard if blocks else self._bearable.add)(name)

    def set(self, name: str, problem: str | None, *, blocks: bool = True) -> None:
        """Report a problem, or with None that it is over; one that does not block leaves the service ready."""
        if problem is None:
            self._problems.pop(name, None)
            self._since.pop(name, None)
            return
        self._problems[name] = problem
        self._begin(name)
        (self._bearable.discard if blocks else self._bearable.add)(name)

    def _begin(self, name: str) -> None:
        if name not in self._since:
            self._since[name] = self._clock()

    async def failing(self) -> dict[str, str]:
        """Return what is wrong, by part; a check that does not answer in time is wrong too."""
        answers = await asyncio.gather(*(self._ask(check) for check in self._checks.values()))
        asked = {name: answer for name, answer in zip(self._checks, answers, strict=True) if answer is not None}
        for name in self._checks:
            if name in asked:
                self._begin(name)
            elif name not in self._problems:
                self._since.pop(name, None)
        return asked | self._problems

    def since(self, name: str) -> datetime | None:
        """Return when a part's trouble began, as far as we know: reported, or first seen by one who asked."""
        return self._since.get(name)

    def blocks(self, names: Iterable[str]) -> bool:
        """Say whether one of these keeps the service from its work."""
        return any(name not in self._bearable for name in names)

    async def _ask(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self._timeout):
                return await check()
        except TimeoutError:
            return f"no answer in {self._timeout:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a part raises is the answer: it is not well
            return f"{type(error).__name__}"
