"""The directory in a real browser: a caller is put through by keyboard alone, and an administrator takes a file in."""

from playwright.async_api import FilePayload, expect

from shared.vocabulary import Channel, Role
from shared.web.access import Person
from tests.pages.test_desk import desk, no_scrolling, ready_and_taken, settled
from tests.support.browser import in_browser, page_at, picture
from tests.support.desk import MAIL, SEED
from tests.support.served import served

pytestmark = in_browser

ANNA = Person("admin-anna-falk", "Anna Falk", frozenset({Role.ADMIN}), frozenset({"*"}))


async def test_a_caller_is_put_through_by_a_slip_and_a_key(house):
    contact = await house.arrive(Channel.PHONE, phone="070-174 06 05")
    async with desk(house) as page:
        await ready_and_taken(page)
        await settled(page, 1)
        await page.keyboard.press("/")
        await page.keyboard.type("stromqivst")
        hit = page.locator(".found a")
        await expect(hit).to_contain_text("Karin Strömqvist")
        await expect(hit).to_contain_text("08-465 004 41")
        await expect(hit).to_have_attribute("data-key", "Alt+1")
        await picture(page, "directory-hit")
        await no_scrolling(page)
        await page.keyboard.press("Alt+1")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Koppla till Karin Strömqvist")).to_be_focused()
        await picture(page, "directory-connect")
        await page.keyboard.press("Enter")
        await expect(dialog).to_contain_text("Lägg på luren")
        assert house.router.doings == [("connect", contact, "+46846500441")]
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(page.locator("#work.work")).to_be_visible()
        await expect(page.locator("#search")).to_be_focused()
        await page.keyboard.press("Control+a")
        await page.keyboard.type("registrator")
        await expect(page.locator(".found")).to_contain_text("Borta till och med")
        await expect(page.locator(".found")).to_contain_text("Yvonne Carlgård ersätter")
        nils = page.locator(".found a", has_text="Nils Hagelby")
        await page.keyboard.press(await nils.get_attribute("data-key") or "")
        await expect(dialog.get_by_role("button", name="Koppla till Yvonne Carlgård")).to_be_focused()


async def test_a_mail_goes_to_the_unit_with_the_person_in_the_message(house):
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    async with desk(house) as page:
        await ready_and_taken(page)
        await settled(page, 1)
        await page.keyboard.press("/")
        await page.keyboard.type("strömqvist")
        await expect(page.locator(".found a")).to_have_attribute("data-key", "Alt+1")
        await page.keyboard.press("Alt+1")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("link", name="Lämna över till Karin Strömqvist")).to_be_focused()
        await expect(dialog).to_contain_text("karin.stromqvist@kommun.example")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_label("Meddelande till mottagaren")).to_have_value(
            "Till Karin Strömqvist karin.stromqvist@kommun.example"
        )
        await expect(dialog.get_by_label("Verksamhet som tar emot")).to_have_value("bygg-och-plan")
    assert not house.router.doings


async def test_an_administrator_sees_what_a_file_changes_and_says_who_is_away(house):
    seeded = (SEED / "directory-sv.csv").read_text("utf-8")
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(ANNA)
        async with page_at(f"{url}/admin/directory", token, width=1366, height=900, expected="422") as page:
            page.set_default_timeout(30_000)
            await expect(page.locator("main")).to_contain_text("63 finns här nu")
            await page.locator("#f-file").set_input_files(files=[_file("namn;verksamhet\nBo Ek;Rymden\n")])
            await page.get_by_role("button", name="Visa vad som ändras").press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("inget har lästs in")
            await expect(page.get_by_role("row", name="Okänd verksamhet: Rymden.")).to_contain_text("2")
            fewer = seeded.replace("Rektor Komvux", "Studierektor").splitlines()[:-1]
            await page.locator("#f-file").set_input_files(
                files=[_file("\n".join([*fewer, "person;Ny Lo;;Kansli" + ";" * 10]))]
            )
            await page.get_by_role("button", name="Visa vad som ändras").press("Enter")
            await expect(page.locator(".three")).to_contain_text("Ny Lo")
            await expect(page.locator(".three")).to_contain_text("Annika Brolund titel")
            await expect(page.locator(".three")).to_contain_text("Kerstin Väpnhag")
            await picture(page, "directory-report")
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            await page.get_by_role("button", name="Läs in filen").press("Enter")
            await expect(page.locator("[data-focus]")).to_contain_text("Filen är inläst")
            await page.locator("#q").fill("ny lo")
            await page.keyboard.press("Enter")
            await page.get_by_role("link", name="Ny Lo").press("Enter")
            await page.locator("#q").fill("carlgård")
            await page.keyboard.press("Enter")
            await page.get_by_label("Borta till och med").fill("2099-12-04")
            await expect(page.locator("#away-stand_in")).to_contain_text("Yvonne Carlgård")
            await picture(page, "directory-entry")
            await page.get_by_role("button", name="Spara").press("Enter")
            await expect(page.locator("[data-focus]")).to_contain_text("Frånvaron är sparad")
            row = page.locator("tbody tr", has_text="Ny Lo")
            await expect(row).to_contain_text("Yvonne Carlgård")
            await picture(page, "directory-admin")


def _file(text: str) -> FilePayload:
    return {"name": "katalog.csv", "mimeType": "text/csv", "buffer": text.encode("cp1252")}
