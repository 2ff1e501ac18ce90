"""Questions asked at the same time go to the database in one statement, without waiting for each other on purpose."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
R = TypeVar("R")

Work = Callable[[list[K]], Awaitable[Mapping[K, R]]]


class Together(Generic[K, R]):
    """While one batch is under way the next gathers: alone a question goes at once, in a crowd many go together."""

    def __init__(self, work: Work[K, R], *, largest: int = 200) -> None:
        self._work = work
        self._largest = largest
        self._waiting: list[tuple[K, asyncio.Future[R]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, item: K) -> R:
        """Return the answer to one item; an error of its batch is raised in each that was in it."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._drain())
        return await future

    async def settle(self) -> None:
        """Return when nothing is under way."""
        if self._worker is not None:
            await self._worker

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            try:
                answers = await self._work([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001 - it is raised in every asker
                _fail(batch, error)
            else:
                _answer(batch, answers)


def _answer(batch: list[tuple[K, "asyncio.Future[R]"]], answers: Mapping[K, R]) -> None:
    for item, future in batch:
        if not future.done():
            future.set_result(answers[item])


def _fail(batch: list[tuple[K, "asyncio.Future[R]"]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
