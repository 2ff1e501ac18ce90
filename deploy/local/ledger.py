"""Who runs: a lock that the supervisor holds, and the processes it started, told apart by pid *and* birth.

A pid alone can belong to somebody else after a restart of the machine; pid and time of creation together cannot.
"""

import fcntl
import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO

import psutil

SUPERVISOR = "supervisor"


@dataclass(slots=True)
class Ledger:
    """The processes of one state folder."""

    root: Path
    _lock: IO[str] | None = None
    _guard: Lock = field(default_factory=Lock)

    @property
    def file(self) -> Path:
        """Where the processes are written down."""
        return self.root / "processes.json"

    def claim(self) -> bool:
        """Become the folder's supervisor; False when another one is."""
        self.root.mkdir(parents=True, exist_ok=True)
        lock = (self.root / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        """Give the folder free; nothing of ours runs any more."""
        if self._lock:
            self.file.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def write(self, name: str, pid: int | None) -> None:
        """Note that a process runs, or (None) that it has ended."""
        with self._guard:
            rows = self._read()
            rows.pop(name, None)
            if pid is not None and (process := _alive(pid)):
                rows[name] = [pid, process.create_time()]
            draft = self.file.with_suffix(".new")
            draft.write_text(json.dumps(rows))
            draft.replace(self.file)

    def running(self) -> dict[str, psutil.Process]:
        """Return the noted processes that live and are still the same ones."""
        found = {name: _alive(pid, born) for name, (pid, born) in self._read().items()}
        return {name: process for name, process in found.items() if process}

    def supervisor(self) -> psutil.Process | None:
        """Return the process that runs the stack of this folder."""
        return self.running().get(SUPERVISOR)

    def _read(self) -> dict[str, list[float]]:
        try:
            rows: dict[str, list[float]] = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return {}
        return rows


def _alive(pid: float, born: float | None = None) -> psutil.Process | None:
    try:
        process = psutil.Process(int(pid))
        same = born is None or abs(process.create_time() - born) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def end(processes: list[psutil.Process], signals: dict[int, int], grace: float = 10) -> None:
    """End leftovers with everything they started: politely, then by force."""
    family = [child for process in processes if process.is_running() for child in process.children(recursive=True)]
    for process in processes:
        _signal(process, signals.get(process.pid, 15))
    _, left = psutil.wait_procs([*processes, *family], timeout=grace)
    for process in left:
        _signal(process, 9)
    psutil.wait_procs(left, timeout=5)


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
