"""The wallboard in a real browser, on the real log and database: right, live, and whole without a script."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from services.stats.jobs.clockwork import CHANGED, TOPIC
from shared.events import ContactRouted
from shared.vocabulary import Cause, Channel, Role, TakenOver
from tests.support.browser import cookie_of, needs_browser, page_at, picture
from tests.support.stats_day import NOW, morning, publish, running_stats
from tests.support.stats_events import closed, life

pytestmark = [pytest.mark.integration, pytest.mark.browser, needs_browser, pytest.mark.timeout(180)]

"""A folder for pictures of the pages, to be looked at."""


async def test_a_day_with_a_surge_is_read_at_a_glance(settings):
    routing, cases = morning()
    routing += life("not-ours", at=NOW - timedelta(hours=3), taken_over=TakenOver.NOT)
    cases.append(closed("not-ours", "not-ours", at=NOW - timedelta(hours=2), taken_over=TakenOver.NOT))
    asked, unit = NOW - timedelta(hours=2), "vard-och-omsorg"
    cases += [closed(f"why-{cause}", f"why-{cause}", at=asked, unit=unit, cause=cause) for cause in Cause]
    cases.append(closed("why", "why", at=asked, unit=unit, cause=Cause.LETTER_UNCLEAR))
    contacts = sum(isinstance(event, ContactRouted) for event in routing)
    async with running_stats(settings, (routing, cases)) as stats:
        token = await cookie_of(settings, Role.LEAD, Role.OPS)
        async with page_at(f"{stats.url}/wallboard", token, now=NOW) as page:
            await expect(page.locator("#contacts")).to_have_text(str(contacts))
            alarm = page.get_by_role("alert")
            await expect(alarm).to_contain_text("Ovanligt många: Bostadsbolag", timeout=15_000)
            await expect(alarm).to_contain_text("kontakter sedan 13:15, normalt")
            await expect(page.locator(".tile", has_text="Väntar nu")).to_contain_text("längst 3:37")
            await expect(page.locator(".queues")).to_contain_text("Vård och omsorg")
            await expect(page.locator(".tile", has_text="Kontakter i dag")).to_contain_text("varav 1 ej övertagen")
            await expect(page.locator(".tile", has_text="Lösta i första")).to_contain_text("utom 1 ej övertagen")
            await expect(page.locator("#causes")).to_contain_text("förstod inte brevet 29 %")
            await picture(page, "wallboard-tv")
            await no_scrolling(page)
        async with page_at(f"{stats.url}/wallboard", token, width=1366, height=768, language="en-GB", now=NOW) as page:
            await expect(page.get_by_role("heading", name="Right now")).to_be_visible()
            await expect(page.get_by_role("alert")).to_contain_text("Unusually many")
            await expect(page.get_by_role("navigation")).to_be_visible()
            await no_overflow(page)
            await picture(page, "wallboard-laptop")
        async with page_at(f"{stats.url}/wallboard", token, scripts=False) as page:
            await expect(page.locator("#contacts")).to_have_text(str(contacts))
            assert 'http-equiv="refresh"' in await page.content()
        async with page_at(f"{stats.url}/alarms", token, width=1366, height=768) as page:
            await expect(page.locator(".alarm-item.open")).to_contain_text("pågår")
            incident = page.locator(".alarm-item.open").get_by_role("link", name="Öppna driftstörning")
            await expect(incident).to_have_attribute("href", re.compile(r"/incidents/new\?alarm=[\w-]+$"))
            await picture(page, "alarms")
        async with page_at(f"{stats.url}/streams", token, width=1366, height=768) as page:
            await expect(page.locator("#streams")).to_contain_text("stats.routing", timeout=15_000)
            await no_overflow(page)
            await picture(page, "streams")


async def no_scrolling(page: Page) -> None:
    await no_overflow(page)
    assert await page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    cut = (
        "[...document.querySelectorAll('.card')].filter(c => c.scrollHeight > c.clientHeight + 1).map(c => c.className)"
    )
    assert await page.evaluate(cut) == []


async def no_overflow(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_the_first_day_says_why_there_are_no_alarms_and_the_numbers_live(settings):
    async with running_stats(settings, weeks=0) as stats:
        token = await cookie_of(settings, Role.LEAD)
        async with page_at(f"{stats.url}/wallboard", token, now=NOW) as page:
            await expect(page.locator("#contacts")).to_have_text("0")
            await expect(page.locator(".calm")).to_contain_text("Det behövs 5 dagar till med kontakter")
            await picture(page, "wallboard-empty")
            for number, shown in ((1, "1"), (2, "2")):
                told = life(f"live-{number}", at=NOW - timedelta(minutes=number), channel=Channel.PHONE)[:2]
                await publish(settings, *told)
                await expect(page.locator("#contacts")).to_have_text(shown, timeout=10_000)
                await expect(page.locator("#waiting")).to_have_text(shown)
            await expect(page.locator('[data-channel="phone"]')).to_have_text("2")
            await publish(settings, *life("live-1", at=NOW - timedelta(minutes=1))[2:])
            await expect(page.locator("#waiting")).to_have_text("1", timeout=10_000)


async def test_news_reach_the_page_at_most_once_a_second(settings):
    async with running_stats(settings, weeks=0) as stats:
        token = await cookie_of(settings, Role.LEAD)
        async with page_at(f"{stats.url}/wallboard", token, now=NOW) as page:
            fetched: list[str] = []
            page.on("request", lambda request: fetched.append(request.url) if "/board" in request.url else None)
            names = [f"c-{number}" for number in range(60)]
            for start in range(0, 60, 10):
                await publish(
                    settings,
                    *(
                        event
                        for name in names[start : start + 10]
                        for event in life(name, at=NOW - timedelta(minutes=9))
                    ),
                )
            await expect(page.locator("#contacts")).to_have_text("60", timeout=15_000)
            assert 1 <= len(fetched) <= 12, (TOPIC, CHANGED, len(fetched))


async def test_a_person_of_one_unit_sees_that_unit(settings):
    routing, cases = morning()
    own = sum(isinstance(event, ContactRouted) and event.unit == "bygg-och-plan" for event in routing)
    async with running_stats(settings, (routing, cases), weeks=1) as stats:
        token = await cookie_of(settings, Role.OFFICER, units=frozenset({"bygg-och-plan"}))
        async with page_at(f"{stats.url}/wallboard", token, now=NOW) as page:
            await expect(page.locator("#contacts")).to_have_text(str(own))
            await expect(page.locator(".queues tbody tr")).to_have_count(1)
            await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("width", "height"),
    [(1280, 720), pytest.param(3840, 2160, marks=pytest.mark.long), pytest.param(360, 800, marks=pytest.mark.long)],
)
async def test_every_screen_shows_it_whole(settings, width, height):
    async with running_stats(settings, morning(), weeks=2) as stats:
        token = await cookie_of(settings, Role.LEAD)
        async with page_at(f"{stats.url}/wallboard", token, width=width, height=height, now=NOW) as page:
            await expect(page.locator("#contacts")).to_be_visible()
            await no_overflow(page)
            await picture(page, f"wallboard-{width}")
