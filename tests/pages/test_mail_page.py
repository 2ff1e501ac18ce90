"""The mailboxes' page in a real browser, on a real intake and mail server: the proof is seen and a click repairs it."""

import asyncio
import imaplib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import expect

from services.intake.main import create_app
from services.intake.settings import Settings
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from shared.vocabulary import Role
from tests.integration.intake.doors import intake_settings
from tests.integration.intake.test_mailbox import letter
from tests.support.browser import cookie_of, in_browser, page_at, picture
from tests.support.parts import MailServer
from tests.support.served import served
from tests.support.templates import migrated

pytestmark = in_browser


@dataclass(frozen=True, slots=True)
class House:
    """A served intake and its mailbox."""

    url: str
    settings: Settings
    address: str

    async def put_by_hand(self, raw: bytes) -> None:
        """Put a mail among the processed, as a person who moves it in her mail program."""
        await asyncio.to_thread(self._put, raw)

    def _put(self, raw: bytes) -> None:
        with imaplib.IMAP4(self.settings.imap_host, self.settings.imap_port, timeout=10) as box:
            box.login(self.address, "any")
            box.create("Behandlat")
            box.append("Behandlat", None, None, raw)


@pytest.fixture
async def house(settings: ServiceSettings, mail_server: MailServer) -> AsyncIterator[House]:
    await ensure_topics(settings)
    migrated(settings.postgres, "services.intake.migrations")
    address = mail_server.new_address()
    own = {"imap_host": mail_server.host, "imap_port": mail_server.imap_port, "imap_tls": False}
    made = intake_settings(settings, **own, imap_user=address, imap_password="any", reconcile_minutes=600)
    async with served(create_app(made)) as url:
        yield House(url, made, address)


async def test_what_differs_is_listed_and_a_click_repairs_it(house: House) -> None:
    token = await cookie_of(house.settings, Role.LEAD)
    await house.put_by_hand(letter("Flyttat för hand"))
    async with page_at(f"{house.url}/mail", token, width=1366, height=900) as page:
        page.set_default_timeout(30_000)
        await expect(page.get_by_role("link", name="Mejl")).to_have_attribute("aria-current", "page")
        await page.keyboard.press("n")
        await expect(page.locator("[data-focus]")).to_contain_text("något stämmer inte")
        row = page.locator("section[aria-labelledby=differences] tbody tr")
        await expect(row).to_contain_text("Ligger bland de behandlade men togs aldrig in")
        days = page.locator("section[aria-label] tbody td")
        await expect(days.first).to_have_text("1")
        await expect(days.nth(7)).to_have_text("1")
        await picture(page, "mail-differs", full_page=True)
        await row.get_by_role("button", name="Ta in").press("Enter")
        await expect(page.locator("[data-focus]")).to_contain_text("Det är åtgärdat.")
        await expect(row).to_have_count(0)
        await expect(days.nth(1)).to_have_text("1")
        await expect(days.nth(7)).to_have_text("0")
        await page.keyboard.press("n")
        await expect(page.locator("[data-focus]")).to_contain_text("allt stämmer")
        await picture(page, "mail", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    english = {"language": "en-GB", "scripts": False, "width": 420}
    async with page_at(f"{house.url}/mail", token, **english) as page:  # type: ignore[arg-type] # sizes are numbers
        await expect(page.locator("main")).to_contain_text("Every mail that was seen has come to exactly one outcome.")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
