"""What each part of a stack holds in memory, and whether it answers.

`rss_mb` adds the resident sets of a part's processes; PostgreSQL's share their buffers, so `pss_mb` (proportional set
size, shared pages divided among those who share them) is the fairer sum where the kernel tells it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from deploy.local.keys import keys_of
from deploy.local.ledger import Ledger
from deploy.local.part import Part
from deploy.local.plan import Plan
from deploy.local.settings import Ports

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One part: `state` is ready, silent (runs, does not answer) or down."""

    part: str
    state: str
    pid: int | None
    port: int
    rss_mb: int
    pss_mb: int

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


def measure(root: Path, ports: Ports) -> list[Row]:
    """Return a row per part of the stack on this state folder; none when it was never started."""
    processes = Ledger(root).running()
    if not root.exists():
        return []
    plan = Plan(root, ports, keys_of(root))
    return [_row(part, processes.get(part.name)) for part in [*plan.data_parts(), *plan.services()]]


def _row(part: Part, process: psutil.Process | None) -> Row:
    if process is None:
        return Row(part.name, "down", None, part.port, 0, 0)
    rss, pss = memory(process)
    return Row(part.name, "ready" if part.ready() else "silent", process.pid, part.port, rss // MIB, pss // MIB)


def memory(process: psutil.Process) -> tuple[int, int]:
    """Return the bytes that a process and its children hold: resident, and with shared pages counted once."""
    rss = pss = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            info = member.memory_full_info()
        except psutil.AccessDenied:
            info = member.memory_info()
        except psutil.NoSuchProcess:
            continue
        rss += info.rss
        pss += getattr(info, "pss", info.rss)
    return rss, pss
