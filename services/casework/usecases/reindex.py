"""The search made anew: what was changed outside the service, or by older rules, and, when asked for, everything."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.casework.store.unit_of_work import UnitOfWork

PAGE = 500
_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Index cases that were marked and not indexed: by a migration, by hand, by a reindex that was stopped."""

    uow: UnitOfWork

    async def begin(self) -> int:
        """Mark the cases whose words were made by older rules; returns how many."""
        async with self.uow.begin() as work:
            return await work.index.mark_outdated()

    async def run(self) -> int:
        """Index a page of them; returns how many."""
        async with self.uow.begin() as work:
            return await work.index.catch_up(PAGE)


@dataclass(frozen=True, slots=True)
class Reindex:
    """Index every case anew, a page a transaction, while the service works on."""

    uow: UnitOfWork

    async def run(self, after: str = "") -> AsyncIterator[tuple[int, str]]:
        """Yield how many are done and the last id, which a stopped run goes on after; then tidy the vocabulary."""
        done, last = 0, after
        while True:
            async with self.uow.begin() as work:
                page = await work.index.page(last, PAGE)
                if not page:
                    break
                await work.index.write(page)
            done, last = done + len(page), page[-1]
            yield done, last
        await self._tidy()

    async def _tidy(self) -> None:
        after: str | None = ""
        while after is not None:
            async with self.uow.begin() as work:
                after = await work.index.tidy(after, _WORDS)
