"""The live picture of a demo: the clock of the day, what came in, what waits, and what the agents have done."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from rich.console import Group
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.demo.agents import Team
from deploy.demo.citizens import Citizens
from deploy.demo.day import CLOSES, OPENS, Day
from deploy.demo.stack_info import StackInfo

NAMES = {"phone": "Samtal", "email": "Mejl", "visit": "Besök", "e_service": "E-tjänst"}
WIDTH = 64
LAST = 5
"""How many troubles are told at the end."""

Row = tuple[str, int, str]
"""What is counted, the count and its style."""


@dataclass
class Display:
    """Renders itself for `rich.live.Live`; what waits is asked for by `refresh`."""

    day: Day
    citizens: Citizens
    team: Team
    stack: StackInfo
    http: httpx.AsyncClient
    waiting: int = 0
    oldest: float = 0.0

    async def refresh(self) -> None:
        """Ask the router what waits; when it does not answer, the picture stands still."""
        try:
            answer = await self.http.get(f"{self.stack.router}/api/v1/queues", headers=self.stack.machine)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            self.team.troubles.append(f"queues: {error!r}")
            return
        queues = answer.json()["items"]
        self.waiting = sum(queue["waiting"] for queue in queues)
        self.oldest = max((queue["oldest_seconds"] or 0.0 for queue in queues), default=0.0)

    @property
    def troubles(self) -> list[str]:
        """What went wrong for citizens and agents."""
        incident = self.team.disturbance.troubles if self.team.disturbance else []
        return self.citizens.troubles + self.team.troubles + incident

    def __rich__(self) -> Padding:
        done = (self.day.hour - OPENS) / (CLOSES - OPENS)
        bar = ProgressBar(total=1, completed=done, width=WIDTH)
        return Padding(Group(self._clock(), bar, Text(), self._tables()), (1, 2))

    def _clock(self) -> Table:
        hour = self.day.hour
        spike = self.day.plan.spike_rate(hour) > 0
        line = Table.grid(expand=False)
        line.add_column(width=12)
        line.add_column(width=WIDTH - 12, justify="right")
        note = Text("värmen är borta: många hör av sig", style="bold red") if spike else Text()
        line.add_row(Text(f"{int(hour):02d}:{int(hour % 1 * 60):02d}", style="bold"), note)
        return line

    def _tables(self) -> Table:
        side_by_side = Table.grid(padding=(0, 6))
        side_by_side.add_row(_table("Kommit in", self._came()), _table("Läget", self._stands()))
        return side_by_side

    def _came(self) -> list[Row]:
        sent = self.citizens.sent
        rows = [(name, sent.get(channel, 0), "") for channel, name in NAMES.items()]
        return [*rows, ("Tillsammans", sum(sent.values()), "bold")]

    def _stands(self) -> list[Row]:
        return [
            (f"Väntar nu{self._longest()}", self.waiting, "bold"),
            ("Avslutade", self.team.closed, ""),
            ("Överlämnade", self.team.handed_over, ""),
            ("Gav upp i kön", self.citizens.abandoned, ""),
            ("Avvisade vid dörren", self.citizens.refused, "bold red" if self.citizens.refused else ""),
            ("Strul för kommunvägledarna", len(self.team.troubles), "yellow" if self.team.troubles else ""),
        ]

    def _longest(self) -> str:
        minutes, seconds = divmod(int(self.oldest), 60)
        return f", längst {minutes}:{seconds:02d}" if self.waiting else ""

    def last_troubles(self) -> Text:
        """Return the last troubles in words, or nothing."""
        last = self.troubles[-LAST:]
        lines = [f"Strul, de {len(last)} senaste av {len(self.troubles)}:", *last] if last else []
        return Text("\n".join(lines))


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=12)
    table.add_column(justify="right", min_width=5)
    table.add_row(Text(title, style="dim"), "")
    for name, count, style in rows:
        table.add_row(name, Text(str(count), style=style))
    return table
