"""Whether callers are told that we have trouble: what the router answers now, not what it once failed to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from services.intake.usecases.places import NOBODY, SILENCE, Places
from shared.errors import TransientError
from tests.support.wait import eventually

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


class Router:
    """Answers or not, and tells what it was asked."""

    def __init__(self) -> None:
        self.away: Callable[[str], bool] = lambda _: False
        self.asked: list[str] = []

    async def place(self, contact_id: str) -> int | None:
        self.asked.append(contact_id)
        if self.away(contact_id):
            raise TransientError("silent")
        return None if contact_id == NOBODY else 3

    async def looked_at(self, times: int = 3) -> None:
        """Wait until it has been asked after nobody that many times from now on."""
        until = self.asked.count(NOBODY) + times
        await eventually(lambda: self.asked.count(NOBODY) >= until)


@asynccontextmanager
async def running(places: Places) -> AsyncIterator[None]:
    task = asyncio.create_task(places.run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_router_that_is_away_is_known_to_be_though_nobody_asks_and_forgiven_when_it_is_back() -> None:
    router, now = Router(), [NOW]
    places = Places(router, lambda: now[0], every=0.001)
    heard = []
    async with running(places):
        for away, later in ((False, timedelta()), (True, timedelta()), (True, SILENCE), (False, timedelta())):
            now[0] += later
            router.away = lambda _, away=away: away  # type: ignore[misc] # mypy infers no default
            await router.looked_at()
            heard.append(places.silent)
    assert heard == [False, False, True, False]


async def test_one_question_that_fails_tells_callers_nothing() -> None:
    router, now = Router(), [NOW]
    router.away = lambda contact_id: contact_id == "k1"
    places = Places(router, lambda: now[0], every=0.001)
    async with running(places):
        places.ask("k1")
        places.ask("k2")
        await eventually(lambda: places.known("k2") == 3)
        await router.looked_at()
        now[0] += timedelta(hours=2)
        assert not places.silent
        places.ask("k1")
        await eventually(lambda: router.asked.count("k1") == 2)
