"""The browser that pages share: one for all, replaced when it has died, and nothing of a test outlives it."""

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest
from playwright.async_api import Error, expect

from tests.support.browser import SharedBrowser, in_browser, page_at

pytestmark = in_browser
LEFT: list[asyncio.Task[None]] = []


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Where a page of three words is."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>Hej p&aring; dig")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_pages_share_a_browser_and_no_cookie_and_one_that_is_killed_is_replaced(
    url: str, shared_browser: SharedBrowser
) -> None:
    async with page_at(url, "Maria") as hers, page_at(url, "Per") as his:
        assert hers.context.browser is his.context.browser is await shared_browser.browser()
        assert [one["value"] for one in await hers.context.cookies()] == ["Maria"]
    async with page_at(url, "Maria") as page:
        for child in psutil.Process().children(recursive=True):
            if child.name().startswith("chrom"):
                child.kill()
        await page.wait_for_event("close")
        with pytest.raises(Error, match="closed"):
            await page.reload()
    async with page_at(url, "Per") as page:
        await expect(page.get_by_text("Hej på dig")).to_be_visible()


async def test_something_is_left_running() -> None:
    LEFT.append(asyncio.create_task(asyncio.sleep(3600)))


async def test_what_a_test_left_running_has_been_ended_and_the_browser_lives(url: str) -> None:
    assert all(task.cancelled() for task in LEFT)
    async with page_at(url, "Maria") as page:
        await expect(page.get_by_text("Hej på dig")).to_be_visible()
