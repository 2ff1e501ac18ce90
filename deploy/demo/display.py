"""The live picture of a demo: the clock of the day, what came in, what the agents do, and what the router says."""

from dataclasses import dataclass

import httpx
from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.demo.agents import Team
from deploy.demo.citizens import Citizens
from deploy.demo.day import CLOSES, OPENS, Day
from deploy.demo.stack_info import StackInfo

NAMES = {"phone": "Samtal", "email": "Mejl", "visit": "Besök", "e_service": "E-tjänst"}


@dataclass
class Display:
    """Renders itself for `rich.live.Live`; `waiting` is refreshed by `refresh`."""

    day: Day
    citizens: Citizens
    team: Team
    stack: StackInfo
    http: httpx.AsyncClient
    waiting: int = 0
    oldest: float = 0.0

    async def refresh(self) -> None:
        """Ask the router what waits."""
        answer = await self.http.get(f"{self.stack.router}/api/v1/queues", headers=self.stack.machine)
        queues = answer.json()["items"]
        self.waiting = sum(queue["waiting"] for queue in queues)
        self.oldest = max((queue["oldest_seconds"] or 0.0 for queue in queues), default=0.0)

    def __rich__(self) -> Group:
        hour = self.day.hour
        clock = Text(f"{int(hour):02d}:{int(hour % 1 * 60):02d}", style="bold")
        spike = self.day.plan.spike_rate(hour) > 0
        note = Text("  ovanligt många: det är kallt inne", style="bold red") if spike else Text("")
        bar = ProgressBar(total=CLOSES - OPENS, completed=hour - OPENS, width=60)
        return Group(clock + note, bar, self._table())

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 3))
        for name, count in ((NAMES[channel], self.citizens.sent.get(channel, 0)) for channel in NAMES):
            table.add_row(name, f"{count:>6}")
        table.add_row("Väntar nu", f"{self.waiting:>6}", f"längst {self.oldest:.0f} s")
        table.add_row("Avslutade", f"{self.team.closed:>6}")
        table.add_row("Överlämnade", f"{self.team.handed_over:>6}")
        table.add_row("Gav upp i kön", f"{self.citizens.abandoned:>6}")
        table.add_row("Avvisade vid dörren", f"{self.citizens.refused:>6}")
        return table
