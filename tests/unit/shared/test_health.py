"""What a process says about itself, and the loops it keeps alive."""

import asyncio
from datetime import UTC, datetime

from shared.background import Background
from shared.health import Health
from tests.support.wait import eventually


async def well() -> str | None:
    return None


async def ill() -> str | None:
    return "no disk"


async def test_only_what_is_wrong_is_named() -> None:
    health = Health()
    health.add("good", well)
    health.add("bad", ill)
    health.set("loop", "stuck")
    assert await health.failing() == {"bad": "no disk", "loop": "stuck"}
    health.set("loop", None)
    health.set("never", None)
    assert await health.failing() == {"bad": "no disk"}


async def test_a_check_that_hangs_or_raises_is_wrong_and_holds_nobody_up() -> None:
    async def hangs() -> str | None:
        await asyncio.Event().wait()
        return None

    async def raises() -> str | None:
        raise ConnectionError("secret://user:password@host")

    health = Health(timeout=0.05)
    health.add("hangs", hangs)
    health.add("raises", raises)
    assert await health.failing() == {"hangs": "no answer in 0.05 s", "raises": "ConnectionError"}


async def test_a_loop_that_raises_or_returns_is_started_again_and_not_ready_meanwhile() -> None:
    health = Health()
    background = Background(health, settle=0.05, first_wait=0.01)
    lives = 0

    async def frail() -> None:
        nonlocal lives
        lives += 1
        if lives == 1:
            raise RuntimeError("once")
        if lives > 2:
            await asyncio.Event().wait()

    background.add("frail", frail)
    await background.start()
    await eventually(lambda: lives >= 2)
    assert "loop.frail" in await health.failing()
    await eventually(lambda: _nothing(health))
    assert lives == 3
    await background.stop()


async def _nothing(health: Health) -> bool:
    return not await health.failing()


async def test_a_stop_ends_every_loop_and_lets_it_clean_up() -> None:
    ended: list[str] = []

    async def loop() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("clean")

    background = Background(Health())
    background.add("one", loop)
    background.add("two", loop)
    await background.start()
    await asyncio.sleep(0)
    await background.stop()
    assert ended == ["clean", "clean"]


async def test_a_loop_whose_library_swallows_a_cancellation_is_stopped_all_the_same() -> None:
    swallowed = 0

    async def deaf_once() -> None:
        nonlocal swallowed
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed += 1
        await asyncio.Event().wait()

    background = Background(Health())
    background.add("deaf", deaf_once)
    await background.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await background.stop()
    assert swallowed == 1


async def test_a_trouble_says_since_when_until_it_is_over_whatever_is_said_of_it_meanwhile() -> None:
    moments = iter([datetime(2026, 11, 30, 8, 0, tzinfo=UTC), datetime(2026, 11, 30, 9, 0, tzinfo=UTC)])
    health = Health(clock=lambda: next(moments))
    health.set("imap", "away", blocks=False)
    first = health.since("imap")
    health.add("good", well)
    await health.failing()
    assert (first, health.since("good")) == (datetime(2026, 11, 30, 8, 0, tzinfo=UTC), None)
    health.set("imap", None)
    assert health.since("imap") is None
    health.set("imap", "away again")
    assert health.since("imap") == datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


async def test_a_trouble_that_leaves_the_other_doors_open_does_not_block() -> None:
    health = Health()
    health.set("imap", "away", blocks=False)
    assert not health.blocks(await health.failing())
    health.add("bad", ill)
    assert health.blocks(await health.failing())
    assert health.since("bad") is not None
    health.set("imap", "not connected yet")
    assert health.blocks(["imap"])
