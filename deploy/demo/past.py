"""An invented past at the demo's own pace, so that the wallboard knows what is normal while the demo plays.

A demo presses a day into minutes, and the wallboard lives by the clock on the wall: no real past has such minutes. So
the past says that the same pressed day, without the spike, was played at this very time on each day of the last weeks,
every day drawn anew. What is invented stands in the table of volumes known from before the move, as an old exchange's
would, and in no other: contacts, cases and figures stay those that came through the doors.
"""

import asyncio
import csv
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from deploy.demo.citizens import FORMS, NUMBERS
from deploy.demo.day import DayPlan, arrivals
from deploy.demo.messages import CitizenMessage, Crowd
from deploy.demo.stack_info import StackInfo
from shared.clock import STOCKHOLM
from shared.ids import case_type_id, slug

DAYS = 8 * 7
BIN = timedelta(minutes=5)
HOUSE = "Kontaktcenter"
"""The unit of the switchboard, the shared inbox, the reception and the common form."""
PROJECT = Path(__file__).parents[2]
DEADLINE = 30.0

Row = tuple[str, str, str, str, int]
"""Start, channel, unit, case type and count."""


@dataclass(frozen=True, slots=True)
class Past:
    """The days before `begin`; the same crowd gives the same past."""

    plan: DayPlan
    begin: datetime
    days: int = DAYS

    def rows(self, crowd: Crowd) -> Iterator[Row]:
        """Yield what each five minutes of each day counted, oldest day first."""
        plan = replace(self.plan, spike_factor=0.0)
        for back in range(self.days, 0, -1):
            counted = Counter(
                (self._start(back, moment), message.channel, *cell_of(message))
                for moment, message in arrivals(plan, crowd)
            )
            yield from ((*cell, count) for cell, count in sorted(counted.items()))

    def _start(self, back: int, moment: float) -> str:
        at = (self.begin + timedelta(seconds=moment / self.plan.speed)).astimezone(STOCKHOLM)
        then = (at - timedelta(days=back)).astimezone(UTC)  # the same time on the wall, whatever summer time was
        return (then - timedelta(seconds=then.timestamp() % BIN.total_seconds())).isoformat()

    @property
    def end(self) -> datetime:
        """When the demo is over."""
        return self.begin + timedelta(hours=self.plan.hours) / self.plan.speed


def cell_of(message: CitizenMessage) -> tuple[str, str]:
    """Return the unit and the case type that stats counts it under: the entrance's unit; a caller says nothing yet."""
    match message.channel:
        case "phone":
            return slug(message.unit if message.unit in NUMBERS else HOUSE), ""
        case "e_service":
            return slug(message.unit if message.unit in FORMS else HOUSE), case_type_id(message.path)
        case _:
            return slug(HOUSE), case_type_id(message.path)


async def give_past(stack: StackInfo, http: httpx.AsyncClient, past: Past, crowd: Crowd) -> int:
    """Give stats a past when it expects less than half of the coming demo; return the rows, once stats knows them."""
    enough = 0.5 * past.plan.expected
    if await _expects(stack, http, past) >= enough:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "past.csv"
        written = write(file, past.rows(crowd))
        await _import(stack, file)
    await _known(stack, http, past, enough)
    return written


async def _known(stack: StackInfo, http: httpx.AsyncClient, past: Past, enough: float) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            if await _expects(stack, http, past) >= enough:
                return
            await asyncio.sleep(0.5)


def write(file: Path, rows: Iterable[Row]) -> int:
    """Write rows as `import-history` reads them; return how many."""
    count = 0
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("start", "channel", "unit", "case_type", "count"))
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


async def _expects(stack: StackInfo, http: httpx.AsyncClient, past: Past) -> float:
    period = {"from": past.begin.isoformat(), "to": past.end.isoformat(), "bin": "PT5M"}
    answer = await http.get(f"{stack.stats}/api/v1/load", params=period, headers=stack.machine)
    answer.raise_for_status()
    return float(sum(item["expected"] or 0.0 for item in answer.json()["items"]))


async def _import(stack: StackInfo, file: Path) -> None:
    command = (sys.executable, "-m", "services.stats", "import-history", str(file))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=PROJECT, env=os.environ | environment(stack), stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"import-history failed: {said.decode(errors='replace').strip()}")


def environment(stack: StackInfo) -> dict[str, str]:
    """Return the settings that a command of stats needs, from what the stack tells of itself."""
    return {
        "KC_ENVIRONMENT": "local",
        "KC_POSTGRES": stack.postgres,
        "KC_KAFKA": stack.kafka,
        "KC_REDIS": stack.redis,
        "KC_MACHINE_TOKEN": stack.token,
    }
