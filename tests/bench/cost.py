"""What the parts of a stack cost: processor time and resident memory, each with everything it started."""

from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.ledger import SUPERVISOR, Ledger

SERVICES = ("intake", "router", "casework", "stats")


@dataclass(frozen=True)
class Snapshot:
    """Seconds of processor time and megabytes of memory, by part."""

    seconds: dict[str, float]
    rss_mb: dict[str, float]

    @classmethod
    def of(cls, state: Path) -> "Snapshot":
        """Measure the stack whose state lies in a folder; `load generator` is this process."""
        parts = {name: process for name, process in Ledger(state).running().items() if name != SUPERVISOR}
        parts["load generator"] = psutil.Process()
        seconds = {name: seconds_of(process) for name, process in parts.items()}
        memory = {name: parts[name].memory_info().rss / 1e6 for name in parts}
        return cls(seconds, memory)


def seconds_of(process: psutil.Process) -> float:
    """Seconds of processor time of a process with everything it started."""
    return sum(_seconds(each) for each in _family(process))


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process] if process.pid == psutil.Process().pid else [process, *process.children(recursive=True)]


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def spent(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """Seconds between two snapshots, most first."""
    used = {name: after.seconds[name] - before.seconds.get(name, 0.0) for name in after.seconds}
    return dict(sorted(used.items(), key=lambda item: -item[1]))
