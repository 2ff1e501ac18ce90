"""What a person sees while the stack comes up: one line per part with its time, and what happens to it later."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from rich.console import Console
from rich.table import Table

from deploy.local.measure import Row


@dataclass(slots=True)
class Progress:
    """Writes to a console, from any thread; `quiet` for stacks inside tests."""

    console: Console = field(default_factory=Console)
    quiet: bool = False
    times: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def say(self, text: str, style: str = "yellow") -> None:
        """Write one line."""
        with self._lock:
            if not self.quiet:
                self.console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    def done(self, name: str, seconds: float, where: str = "") -> None:
        """Write that a step is through, and how long it took."""
        self.times[name] = seconds
        self.say(f"  ✓ {name:<12} {seconds:5.1f} s  {where}".rstrip(), style="green")

    @contextmanager
    def step(self, name: str, where: str = "") -> Iterator[None]:
        """Time the block and write its line when it succeeds."""
        began = time.monotonic()
        yield
        self.done(name, time.monotonic() - began, where)


def memory_table(rows: list[Row]) -> Table:
    """Return the table of `status`: each part, its process and its memory (`shared once`: proportional set size)."""
    table = Table("part", "state")
    for column in ("pid", "port", "resident MB", "shared once MB"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(row.part, row.state, str(row.pid or ""), str(row.port), str(row.rss_mb), str(row.pss_mb))
    table.add_section()
    table.add_row("all", "", "", "", str(sum(row.rss_mb for row in rows)), str(sum(row.pss_mb for row in rows)))
    return table
