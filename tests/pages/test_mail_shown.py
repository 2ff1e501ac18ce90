"""A mail in a real browser: own words first, all of it by a key, as it looked without a request leaving the machine."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest
from playwright.async_api import Page, expect

from shared.originals import Originals, original_key
from shared.vocabulary import Channel
from tests.support.browser import needs_browser, page_at, picture
from tests.support.desk import DeskHouse
from tests.support.served import served
from tests.support.web import MARIA

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    needs_browser,
    pytest.mark.timeout(240),
    pytest.mark.usefixtures("patience"),
]

NUMBER = "KC-2026-000001"
KEY = original_key("m1")
OWN = "Hej! Elementen är iskalla igen, precis som i våras.\n\nAnna Ek"
QUOTED = "Den 3 mars skrev Kontaktcenter:\n> Nu är felet lagat.\n> Hör av dig om det blir kallt igen."
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HTML = """<html><head><title>t</title><style>body {{ background: url({outside}/style) }}</style>
<link rel="stylesheet" href="{outside}/link.css"><meta http-equiv="refresh" content="0;url={outside}/refresh">
<script>document.title = "ran"; new Image().src = "{outside}/script"</script></head>
<body onload="new Image().src='{outside}/onload'" background="{outside}/background">
<table bgcolor="#ddeeff" cellpadding="8"><tr><td style="font-weight:bold;color:#003366">Iskalla</td>
<td><img src="cid:bild@x" width="80" height="60" alt="Element"></td></tr></table>
<p style="background:url({outside}/inline)">Precis som i våras.</p>
<img src="{outside}/pixel.gif"><img src="{outside}/logo.png" alt="Logga">
<a style="font-size:0;background-color:#4a4a4a" href="https://bank.example@evil.example/">https://bank.example</a>
<form action="{outside}/form"><input name="a"><button>Skicka</button></form>
<iframe src="{outside}/frame"></iframe></body></html>"""


@pytest.fixture
async def outside() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server elsewhere that writes down whoever asks."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def arrive(house: DeskHouse, elsewhere: str) -> None:
    rich = EmailMessage()
    rich.set_content(HTML.format(outside=elsewhere), subtype="html")
    rich.add_related(PNG, "image", "png", cid="<bild@x>")
    mail = EmailMessage()
    mail.set_content(OWN)
    mail.make_alternative()
    mail.attach(rich)
    await Originals(house.app.state.settings.originals).put(KEY, mail.as_bytes(), content_type="message/rfc822")
    facts = {"email": "anna.ek@example.se", "name": "Anna Ek", "subject": "Kallt igen", "original_key": KEY}
    await house.arrive(Channel.EMAIL, text=OWN, full_text=f"{OWN}\n\n{QUOTED}", **facts)


@asynccontextmanager
async def at(house: DeskHouse, path: str, **how: object) -> AsyncIterator[Page]:
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(MARIA)
        expected = "htmx:sendAbort|htmx:afterRequest"
        async with page_at(f"{url}{path}", token, width=1366, height=768, expected=expected, **how) as page:  # type: ignore[arg-type] # what page_at takes
            page.set_default_timeout(30_000)
            yield page


async def only_from_here(page: Page, asked: list[str]) -> None:
    """Nothing was asked of anybody else, not even in vain."""
    here = page.url.split("/cases")[0].split("/desk")[0]
    assert [one for one in asked if not one.startswith((here, "data:"))] == []


async def test_a_mail_as_it_looked_runs_nothing_and_asks_nobody(house, outside):
    elsewhere, knocked = outside
    await arrive(house, elsewhere)
    asked: list[str] = []
    async with at(house, f"/cases/{NUMBER}") as page:
        page.context.on("request", lambda request: asked.append(request.url))
        await expect(page.get_by_text("Elementen är iskalla igen").first).to_be_visible()
        await expect(page.get_by_text("Nu är felet lagat.")).to_be_hidden()
        assert not [one for one in asked if one.endswith("/shown")]  # read only when somebody asks
        await page.get_by_text("Visa hela mejlet").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Nu är felet lagat.")).to_be_visible()
        await expect(page.get_by_text("Visa hela mejlet")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        frame = page.frame_locator("iframe[title='Mejlet som det såg ut']")
        await expect(frame.get_by_text("2 bilder ligger hos avsändaren och hämtas inte.")).to_be_visible()
        await expect(frame.get_by_text("[Logga]")).to_be_visible()
        image = frame.locator("img")
        await expect(image).to_have_count(1)
        assert await image.evaluate("image => image.complete && image.naturalWidth") == 1
        said = "a => ['content', 'fontSize', 'backgroundColor'].map(name => getComputedStyle(a, '::after')[name])"
        # Whatever the mail makes of its letters, the host behind the link is there to be read.
        assert await frame.locator("a").evaluate(said) == ['" [evil.example]"', "14px", "rgb(255, 255, 255)"]
        for gone in ("script", "form", "input", "iframe", "meta[http-equiv]", "link"):
            await expect(frame.locator(gone)).to_have_count(0)
        await page.keyboard.press("Tab")  # into the frame
        assert await page.evaluate("document.activeElement.title") == "Mejlet som det såg ut"
        await picture(page, "mail-shown-case")
        assert await page.title() != "ran"
        await only_from_here(page, asked)
    assert knocked == []


async def test_at_the_desk_the_whole_mail_is_one_key_away_and_stays_when_the_work_is_read_anew(house, outside):
    elsewhere, knocked = outside
    await arrive(house, elsewhere)
    asked: list[str] = []
    async with at(house, "/desk") as page:
        page.context.on("request", lambda request: asked.append(request.url))
        await page.get_by_role("button", name="Redo").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-focus-offer]")).to_be_focused()
        await page.keyboard.press("Enter")
        step = page.locator(".step.now [data-focus]")
        await expect(step).to_be_focused()
        await expect(page.get_by_text("Nu är felet lagat.")).to_be_hidden()
        await page.keyboard.press("x")
        await expect(page.get_by_text("Nu är felet lagat.")).to_be_visible()
        await expect(step).to_be_focused()
        await picture(page, "mail-whole-desk")
        swapped = page.locator("#work")
        await swapped.evaluate("work => work.dataset.old = 'yes'")
        await page.keyboard.press("1")  # answers the step: all of the work is read anew
        await expect(page.locator("#work[data-old]")).to_have_count(0)
        await expect(page.get_by_text("Nu är felet lagat.")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
        await page.keyboard.press("j")
        frame = page.frame_locator("dialog iframe")
        await expect(frame.get_by_text("Precis som i våras.")).to_be_visible()
        await expect(page.get_by_role("dialog").get_by_text("Stäng")).to_be_focused()
        await picture(page, "mail-shown-desk")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await only_from_here(page, asked)
    assert knocked == []


async def test_a_mail_that_could_not_be_read_says_so_and_is_asked_for_again(house):
    await Originals(house.app.state.settings.originals).put(KEY, b"\0\xff", content_type="message/rfc822")
    await house.arrive(Channel.EMAIL, subject="", text="", unreadable=True, original_key=KEY, flags=("encrypted",))
    async with at(house, f"/cases/{NUMBER}") as page:
        await expect(page.get_by_text("Mejlet gick inte att läsa.")).to_be_visible()
        await expect(page.get_by_text("krypterat och går inte att läsa här")).to_be_visible()
        await picture(page, "mail-unreadable")
        async with page.expect_download() as coming:
            await page.get_by_text("Mejlet som det kom (.eml)").click()
        assert (await coming.value).suggested_filename == f"{NUMBER}.eml"
        await page.get_by_text("Visa som mejlet såg ut").click()
        frame = page.frame_locator("iframe")
        await expect(frame.get_by_text("Mejlet har ingen annan form än texten.")).to_be_visible()
