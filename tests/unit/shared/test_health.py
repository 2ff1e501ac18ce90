"""What a process says about itself, and the loops it keeps alive."""

import asyncio

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
