"""The page of what callers hear, in a real browser: nothing yet, a wrong file, a recording that plays, and removed."""

import pytest
from playwright.async_api import FilePayload, expect

from services.intake.main import create_app
from services.intake.web.sounds import hold_sound
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.vocabulary import Role
from tests.integration.intake.conftest import stocked as _stocked
from tests.integration.intake.doors import intake_settings
from tests.support.browser import cookie_of, in_browser, page_at, picture
from tests.support.served import served
from tests.support.templates import migrated

pytestmark = in_browser

stocked = _stocked


async def test_a_recording_is_uploaded_heard_and_removed(settings: ServiceSettings, stocked: Publisher) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    made = intake_settings(settings)
    token = await cookie_of(made, Role.ADMIN)
    async with (
        served(create_app(made)) as url,
        page_at(f"{url}/recordings", token, width=1366, height=900, expected="422") as page,
    ):
        page.set_default_timeout(30_000)
        await expect(page.locator(".empty")).to_contain_text("Ingen egen inspelning")
        await page.get_by_role("link", name="Växel").click()
        await page.locator("#f-kind").select_option("closed")
        wrong: FilePayload = {"name": "stangt.wav", "mimeType": "audio/wav", "buffer": b"not a sound"}
        await page.locator("#f-file").set_input_files(files=[wrong])
        await page.get_by_role("button", name="Ladda upp").press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("varken WAV, MP3 eller OGG")
        right: FilePayload = {"name": "stangt.wav", "mimeType": "audio/wav", "buffer": hold_sound()}
        await page.locator("#f-file").set_input_files(files=[right])
        await page.get_by_role("button", name="Ladda upp").press("Enter")
        await expect(page.locator("[data-focus]")).to_contain_text("används från och med nu")
        await expect(page.locator("tbody tr")).to_contain_text("Stängt")
        loaded = "new Promise(done => { node.onloadedmetadata = done; node.load() })"
        length = f"async node => {{ await {loaded}; return node.duration }}"
        await page.locator("audio").evaluate("node => { node.preload = 'metadata' }")
        assert await page.locator("audio").evaluate(length) == pytest.approx(5)
        await picture(page, "recordings", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await page.get_by_role("button", name="Ta bort Stängt").press("Enter")
        await expect(page.locator(".empty")).to_be_visible()
