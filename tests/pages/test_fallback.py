"""The fallback in a real browser: kept when the server is gone, notes taken meanwhile, taken in when it is back."""

import asyncio
import socket

import uvicorn
from playwright.async_api import Page, expect

from tests.support.browser import in_browser, page_at, picture
from tests.support.desk import DeskHouse
from tests.support.wait import eventually
from tests.support.web import MARIA

pytestmark = in_browser


class Comes:
    """A server that a test lets go and come back at the same address; sessions are those of the house."""

    def __init__(self, house: DeskHouse) -> None:
        self.house = house
        self._place = socket.socket()  # holds the port while nobody listens at it
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._place.bind(("127.0.0.1", 0))
        self.port = self._place.getsockname()[1]
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def come(self) -> str:
        config = uvicorn.Config(
            self.house.app, host="127.0.0.1", port=self.port, ws="none", lifespan="off", log_config=None
        )
        self._server = server = uvicorn.Server(config)
        self._task = asyncio.create_task(server.serve())
        await eventually(lambda: server.started, timeout=40)
        return f"http://127.0.0.1:{self.port}"

    async def go(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.wait([self._task], timeout=15)
            self._server = None

    def leave(self) -> None:
        self._place.close()


async def note(page: Page, words: str) -> None:
    await page.get_by_label("Vad gällde det?").fill(words)
    await page.get_by_role("button", name="Spara anteckningen").click()
    await expect(page.locator("#away-notes pre", has_text=words)).to_be_visible()


async def test_the_kept_page_takes_notes_and_brings_them_in_once_when_the_server_is_back(house: DeskHouse) -> None:
    server = Comes(house)
    async with house.app.router.lifespan_context(house.app):
        url = await server.come()
        try:
            token = await house.app.state.sessions.start(MARIA)
            async with page_at(f"{url}/fallback", token, expected="Failed to load|ERR_") as page:
                page.set_default_timeout(30_000)
                await expect(page.locator("body[data-kept=yes]")).to_be_attached()
                await page.get_by_label("Sök").fill("kallt inne")
                await expect(page.locator("details[data-find]:visible")).to_have_count(1)
                await page.get_by_label("Sök").fill("")
                await picture(page, "fallback")
                await server.go()
                await page.reload()
                await expect(page.get_by_role("heading", name="Reservläge", level=1)).to_be_visible()
                await note(page, "Vill ha besked om sophämtningen")
                await note(page, "Frågade efter öppettider")
                await page.get_by_label("Vad gällde det?").fill("Halvskrivet")
                await page.reload()
                await expect(page.get_by_label("Vad gällde det?")).to_have_value("Halvskrivet")
                bring = page.get_by_role("button", name="Läs in anteckningarna (2)")
                await bring.click()
                await expect(page.locator("#away-notes [role=status]")).to_contain_text("ligger kvar")
                await expect(bring).to_be_enabled()
                await page.goto(await server.come() + "/desk")
                await page.get_by_role("link", name="Läs in anteckningar från reservläget").click()
                await bring.click()
                await expect(page.locator("#away-notes [role=status] a")).to_have_count(2)
                await expect(page.locator("#away-notes pre")).to_have_count(0)
                await page.reload()
                await expect(page.locator("#bring-in")).to_be_hidden()
                assert len((await house.casework.read_desk.run(MARIA.id)).cases) == 2
        finally:
            await server.go()
            server.leave()
