"""`python -m deploy.demo.pictures`: take the pictures of the user guide while a demo plays on a fresh stack.

One contact is followed by hand from the offer to the officer's inbox; then the demo plays, until the heating has failed
and the wallboard says so. Needs Chromium (`make test-setup`).
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import httpx
import typer
from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console

from deploy.demo.citizens import Citizens
from deploy.demo.day import DayPlan
from deploy.demo.display import Display
from deploy.demo.messages import COLD, CitizenMessage
from deploy.demo.play import Demo
from deploy.demo.stack_info import DEFAULT, StackInfo

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PAGE, WALL = (1366, 768), (1920, 1080)
MAIL = (
    "Hej! Det är iskallt i lägenheten sedan i går kväll, termometern visar 16 grader mitt i rummet. "
    "Alla element är kalla. Kan någon komma?"
)
NOTE = "16 grader mitt i rummet sedan i går kväll, alla element kalla. Hemma efter 15."
COLDER = re.compile(r"\bnej\b|kallare")
"""The answers of the checklist that end in a hand-over: no disturbance, colder than it may be, nobody in danger."""
FEW = 3
"""Agents at work, so few that the spike makes a queue."""
TOLD = 240.0
"""Seconds that the wallboard has to tell the spike after it began."""

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Camera:
    """Takes pictures of pages as a person sees them."""

    browser: Browser
    stack: StackInfo
    folder: Path

    @asynccontextmanager
    async def as_person(self, person: str, size: tuple[int, int] = PAGE) -> AsyncIterator[Page]:
        """Open a page logged in as one of the invented people."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="sv-SE",
            timezone_id="Europe/Stockholm",
            color_scheme="light",
        )
        page = await context.new_page()
        try:
            await page.goto(f"{self.stack.casework}/login")
            await page.click(f"button[value={person}]")
            yield page
        finally:
            await context.close()

    async def take(self, page: Page, name: str) -> None:
        """Write what is seen now as `<name>.png`."""
        await page.evaluate("document.fonts.ready")
        await page.screenshot(path=self.folder / f"{name}.png", animations="disabled")


async def _fitted(stack: StackInfo, http: httpx.AsyncClient) -> None:
    """Wait until the router of a fresh stack has learnt from the seed."""
    question = {"text": MAIL, "channel": "email"}
    async with asyncio.timeout(TOLD):
        while True:
            answer = await http.post(f"{stack.router}/api/v1/match", json=question, headers=stack.machine)
            if any(COLD.endswith(best["question"]) for best in answer.json()["candidates"][:1]):
                return
            await asyncio.sleep(1)


async def work_by_hand(camera: Camera, page: Page, citizens: Citizens) -> str:
    """Take one mail from offer to hand-over on the desk; return the number of its case."""
    await page.goto(f"{camera.stack.casework}/desk")
    await page.click("#presence button[value=ready]")
    await citizens.mail(CitizenMessage("email", "Iskallt hemma", MAIL, COLD))
    await page.wait_for_selector(".offer [data-focus-offer]")
    await camera.take(page, "erbjudande")
    await page.click(".offer button.primary")
    await page.wait_for_selector(".step.now")
    await page.fill("#note", NOTE)
    await page.locator(".step.now .options button", has_text=COLDER).click()
    await page.wait_for_selector(".step.done")
    await camera.take(page, "checklista")
    number = re.search(r"KC-\d{4}-\d+", await page.inner_text("#work"))
    await _to_the_end(page)
    await page.click(".step.end .options .primary")
    await page.wait_for_selector("dialog[open] .primary")
    await camera.take(page, "overlamning")
    await page.click("dialog[open] button.primary")
    await page.wait_for_selector(".idle-columns")
    await page.click("#presence button[value=away]")
    return number.group() if number else ""


async def _to_the_end(page: Page) -> None:
    """Answer every step: it is colder than it may be, which ends in a hand-over."""
    while await page.locator(".step.end").count() == 0:
        steps = await page.locator(".step.done").count()
        await page.locator(".step.now .options button", has_text=COLDER).click()
        await page.locator(".step.done").nth(steps).or_(page.locator(".step.end")).first.wait_for()


async def at_the_officer(camera: Camera, path: str, name: str) -> None:
    """Show a page of the officer who takes over what concerns the housing company."""
    async with camera.as_person("officer-per-dahl") as page:
        await page.goto(f"{camera.stack.casework}{path}")
        await camera.take(page, name)


async def how_it_goes(camera: Camera, number: str) -> None:
    """Receive a hand-over as its officer, say how it goes, and show its page."""
    async with camera.as_person("officer-per-dahl") as page:
        await page.goto(f"{camera.stack.casework}/inbox?q={number}")
        await page.click(".row-link")
        await page.click("#receive")
        await page.wait_for_selector("#deed-progress[open]")
        await page.fill("#progress-performer", "Jourmontören")
        await page.fill("#progress-text", "Montören ringer innan hen kommer.")
        await page.fill("#progress-external_ref", "FA-2290")
        await page.click("#deed-progress button.primary")
        await page.wait_for_selector(".now-card")
        await camera.take(page, "laget")


async def at_the_reception(camera: Camera, page: Page) -> None:
    """Show the reception desk with a visitor's matter written."""
    await page.goto(f"{camera.stack.intake}/reception")
    await page.fill("[name=matter]", "Vill ha hjälp med ansökan om förskoleplats")
    await camera.take(page, "reception")


async def when_it_spikes(camera: Camera, desk: Page, display: Display) -> None:
    """Show desk, reception, inbox, wallboard and streams in the middle of the spike, once the alarm is raised."""
    await _hour(display, display.day.plan.spike_from + 0.2)
    await desk.goto(f"{camera.stack.casework}/desk")
    await desk.wait_for_selector("#queues")
    await camera.take(desk, "skrivbord")
    await at_the_reception(camera, desk)
    await at_the_officer(camera, "/inbox", "inkorg")
    async with camera.as_person("admin-anna-falk", WALL) as wall:
        await _told(camera.stack, display.http)
        await wall.goto(f"{camera.stack.stats}/wallboard?theme=light")
        await camera.take(wall, "vaggtavla")
        await wall.set_viewport_size({"width": PAGE[0], "height": PAGE[1]})
        await wall.goto(f"{camera.stack.stats}/streams")
        await camera.take(wall, "strommar")
        await wall.goto(f"{camera.stack.router}/queues")
        await wall.wait_for_selector("#part-agents")
        await camera.take(wall, "koer")


async def _hour(display: Display, hour: float) -> None:
    """Wait until the day has come to an hour."""
    while True:
        if display.day.hour >= hour:
            return
        await asyncio.sleep(0.5)


async def _told(stack: StackInfo, http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(TOLD):
        while True:
            answer = await http.get(f"{stack.stats}/api/v1/alarms", headers=stack.machine)
            if answer.json()["items"]:
                return
            await asyncio.sleep(1)


async def take_all(camera: Camera, plan: DayPlan) -> None:
    """Take every picture."""
    agent, *others = camera.stack.agents
    stack = replace(camera.stack, agents=tuple(others))
    async with camera.as_person(agent) as desk:
        async with httpx.AsyncClient(timeout=40) as http:
            await _fitted(stack, http)
            number = await work_by_hand(camera, desk, Citizens(stack, http))
        await how_it_goes(camera, number)
        await at_the_officer(camera, f"/cases/{number}", "arende")
        async with Demo(plan, stack, agents=FEW).opened(Console()) as display:
            playing = asyncio.create_task(display.day.play())
            try:
                await when_it_spikes(camera, desk, display)
            finally:
                playing.cancel()
                await asyncio.wait({playing})


async def _run(stack: StackInfo, plan: DayPlan, folder: Path) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("No Chromium on this machine; `make test-setup` installs it.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        try:
            await take_all(Camera(browser, stack, folder), plan)
        finally:
            await browser.close()


@app.command()
def pictures(
    speed: Annotated[float, typer.Option(help="Seconds of the day per real second.")] = 90.0,
    folder: Annotated[Path, typer.Option(help="Where the pictures go.")] = GUIDE,
    stack: Annotated[Path, typer.Option(help="The stack.json of the running stack, best a fresh one.")] = DEFAULT,
) -> None:
    """Take the pictures of the guide; takes about as long as the demo plays until 13:15."""
    asyncio.run(_run(StackInfo.load(stack), DayPlan(speed=speed), folder))


if __name__ == "__main__":
    app()
