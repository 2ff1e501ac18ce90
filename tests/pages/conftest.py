"""What the tests of pages share."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import expect

from shared.settings import ServiceSettings
from tests.support.browser import SharedBrowser
from tests.support.desk import DeskHouse, desk_house


@pytest.fixture(scope="session")
def shared_browser(_session_scoped_runner: asyncio.Runner) -> Iterator[SharedBrowser]:
    """The one browser that this worker's pages are opened in, each with a context of its own."""

    async def shared() -> SharedBrowser:
        made = SharedBrowser()
        made.share()
        return made

    browser = _session_scoped_runner.run(shared())
    yield browser
    _session_scoped_runner.run(browser.close())


@pytest.fixture
def _function_scoped_runner(
    _session_scoped_runner: asyncio.Runner, shared_browser: SharedBrowser
) -> Iterator[asyncio.Runner]:
    """Run the tests and fixtures of this folder on the loop of the shared browser, and leave nothing behind on it.

    The name is pytest-asyncio's: what a test on a loop of its own asks for.
    """
    yield _session_scoped_runner
    _session_scoped_runner.run(_end_what_is_left(shared_browser))


async def _end_what_is_left(browser: SharedBrowser) -> None:
    """Do what the end of a loop does: whatever a test left running is cancelled."""
    left = asyncio.all_tasks() - browser.tasks - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.wait(left, timeout=20) if left else None


@pytest.fixture
def patience() -> Iterator[None]:
    """A machine that is busy with other tests is slow, not wrong."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
async def house(settings: ServiceSettings) -> AsyncIterator[DeskHouse]:
    """Casework's pages; a file whose house is another has a fixture of its own."""
    async with desk_house(settings) as found:
        yield found
