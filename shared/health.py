"""What is wrong with this process right now: checks that are asked, and problems that loops report."""

import asyncio
from collections.abc import Awaitable, Callable

Check = Callable[[], Awaitable[str | None]]
"""Returns None when well, else what is wrong."""


class Health:
    """The parts a service stands on; `/health/ready` answers from here and names each that fails."""

    def __init__(self, timeout: float = 2.0) -> None:
        self._timeout = timeout
        self._checks: dict[str, Check] = {}
        self._problems: dict[str, str] = {}

    def add(self, name: str, check: Check) -> None:
        """Ask `check` whenever somebody wants to know."""
        self._checks[name] = check

    def set(self, name: str, problem: str | None) -> None:
        """Report a problem, or with None that it is over."""
        if problem is None:
            self._problems.pop(name, None)
        else:
            self._problems[name] = problem

    async def failing(self) -> dict[str, str]:
        """Return what is wrong, by part; a check that does not answer in time is wrong too."""
        answers = await asyncio.gather(*(self._ask(check) for check in self._checks.values()))
        asked = {name: answer for name, answer in zip(self._checks, answers, strict=True) if answer is not None}
        return asked | self._problems

    async def _ask(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self._timeout):
                return await check()
        except TimeoutError:
            return f"no answer in {self._timeout:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a part raises is the answer: it is not well
            return f"{type(error).__name__}"
