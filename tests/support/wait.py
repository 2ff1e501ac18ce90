"""Waiting for an event with a deadline, in place of sleeping and hoping."""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
def eventually(
    probe: Callable[[], Coroutine[Any, Any, T]], timeout: float = 10, *, every: float = 0.02
) -> Coroutine[Any, Any, T]: ...
@overload
def eventually(probe: Callable[[], T], timeout: float = 10, *, every: float = 0.02) -> Coroutine[Any, Any, T]: ...
async def eventually(
    probe: Callable[[], Any],
    timeout: float = 10,  # noqa: ASYNC109 - the deadline is the point
    *,
    every: float = 0.02,
) -> Any:
    """Ask until the probe's answer is true (or stops raising AssertionError); return that answer.

    The probe is a function or a coroutine function. After `timeout` seconds the last answer or assertion is the error.
    """
    until = time.monotonic() + timeout
    while True:
        answer, problem = await _ask(probe)
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"not within {timeout} s: {problem or answer!r}") from problem
        await asyncio.sleep(every)


async def _ask(probe: Callable[[], Any]) -> tuple[Any, AssertionError | None]:
    try:
        answer = probe()
        return (await answer if inspect.isawaitable(answer) else answer), None
    except AssertionError as error:
        return None, error
