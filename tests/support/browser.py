"""The machine's Chromium, driven by Playwright; tests that need it are skipped where it is missing."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from weakref import WeakKeyDictionary, WeakSet

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright
from playwright.async_api import Error as PlaywrightError

from deploy.local import assets
from shared.settings import ServiceSettings
from shared.vocabulary import Role
from shared.web.access import ALL_UNITS, Person
from shared.web.session import COOKIE, make_sessions

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_AXE = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
_WITHOUT_SCRIPTS: WeakSet[Page] = WeakSet()
_SHARED: "WeakKeyDictionary[asyncio.AbstractEventLoop, SharedBrowser]" = WeakKeyDictionary()
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine; `make test-setup` installs it")
in_browser = [
    pytest.mark.integration,
    pytest.mark.browser,
    needs_browser,
    pytest.mark.timeout(180),
    pytest.mark.usefixtures("patience"),
]
"""What every test of a page is: `pytestmark = in_browser`."""


class SharedBrowser:
    """The browser of all pages of one event loop: started when first asked for, and anew when it has died."""

    def __init__(self) -> None:
        self._running = AsyncExitStack()
        self._browser: Browser | None = None
        self._one_at_a_time = asyncio.Lock()
        self.tasks: set[asyncio.Task[object]] = set()
        """What its driver does on the loop."""

    def share(self) -> None:
        """Let the pages of the running loop be opened in it."""
        _SHARED[asyncio.get_running_loop()] = self

    async def browser(self) -> Browser:
        """Return the browser, alive."""
        async with self._one_at_a_time:
            if self._browser is None or not self._browser.is_connected():
                await self.close()
                before = asyncio.all_tasks()
                self._browser = await self._running.enter_async_context(_launched())
                self.tasks = asyncio.all_tasks() - before
            return self._browser

    async def close(self) -> None:
        """Stop it; of one that has died what is left is stopped."""
        running, self._running, self._browser = self._running, AsyncExitStack(), None
        with suppress(PlaywrightError, TimeoutError):
            await asyncio.wait_for(running.aclose(), 20)


@asynccontextmanager
async def _launched() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    """Give the browser that the pages of this loop share, or one of one's own."""
    if shared := _SHARED.get(asyncio.get_running_loop()):
        yield await shared.browser()
        return
    async with _launched() as browser:
        yield browser


async def cookie_of(settings: ServiceSettings, *roles: Role, units: frozenset[str] = frozenset({ALL_UNITS})) -> str:
    """Log a person in and return the cookie's value."""
    sessions = make_sessions(settings)
    try:
        return await sessions.start(Person("test-person", "Tove Test", frozenset(roles), units))
    finally:
        await sessions.close()


async def held(page: Page, address: str) -> asyncio.Event:
    """Let what is asked of these addresses wait until the event is set, as on a slow network."""
    let_go = asyncio.Event()

    async def wait(route: Route) -> None:
        await let_go.wait()
        with suppress(PlaywrightError):  # the page has given it up meanwhile
            await route.continue_()

    await page.route(address, wait)
    return let_go


@asynccontextmanager
async def page_at(
    url: str,
    token: str,
    *,
    width: int = 1920,
    height: int = 1080,
    scripts: bool = True,
    language: str = "sv-SE",
    now: datetime | None = None,
    touch: bool = False,
    expected: str = "nothing at all",
) -> AsyncIterator[Page]:
    """Open a page as the person whose cookie this is, its clock standing at `now`; errors on its console fail.

    `expected` is a pattern of errors that the test provokes.
    """
    await asyncio.to_thread(assets.vendor, quiet=True)
    async with _browser() as browser:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=scripts,
            has_touch=touch,
            locale=language,
            timezone_id="Europe/Stockholm",
        )
        try:
            await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
            page, problems = await context.new_page(), _problems(context)
            if not scripts:
                _WITHOUT_SCRIPTS.add(page)
            if now is not None and scripts:
                await page.clock.set_fixed_time(now)
            await page.goto(url)
            yield page
            unexpected = [problem for problem in problems if not re.search(expected, problem)]
            assert not unexpected, unexpected
        finally:
            with suppress(PlaywrightError):  # the browser has died meanwhile
                await context.close()


async def picture(page: Page, name: str, *, full_page: bool = False) -> None:
    """Look at the page as it stands: axe objects to nothing; a folder that KC_PICTURES names gets its picture.

    Where scripts are off axe, a script itself, says nothing.
    """
    if page not in _WITHOUT_SCRIPTS:
        found = await Axe().run(page, options=_AXE)
        assert not found.violations_count, found.generate_report()
    if folder := os.environ.get("KC_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", caret="initial", full_page=full_page)


def _problems(context: BrowserContext) -> list[str]:
    found: list[str] = []
    context.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: found.append(str(error.error)))
    return found
