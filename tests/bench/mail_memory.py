"""What intake's memory does: one mail of 25 MB, and very many small ones."""

import contextlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.bench.mail_house import DovecotOffice, put
from tests.bench.mail_letters import large, letters

_QUIET_SECONDS = 3.0
_PATIENCE = 120.0
_SMALL = 2_000


def one_large(office: DovecotOffice, size: int, files: int) -> dict[str, Any]:
    """Return the megabytes of a fresh intake before one large mail, at its height, and afterwards."""
    process = office.start_intake()
    put(office.server, office.user, list(letters(20, 4096, run=f"warm-{time.time_ns()}", to=office.address)))
    _until(partial(_processed, office, 20))
    before = _settled(process)
    _forget_height(process.pid)
    put(office.server, office.user, [large(size, files, run=f"large-{time.time_ns()}", to=office.address)])
    _until(partial(_processed, office, 21))
    height = _height(process.pid)
    after = _settled(process)
    return {"before": before, "peak": height, "after": after, "kept": round(after - before, 1)}


def soak(office: DovecotOffice, count: int, at_once: int = 2_000) -> dict[str, Any]:
    """Return the megabytes of intake over so many mails: what it stands at, and what each further 10,000 mails add."""
    process = office.start_intake()
    points: list[tuple[int, float]] = []
    done, began = 0, time.monotonic()
    while done < count:
        some = min(at_once, count - done)
        put(office.server, office.user, letters(some, _SMALL, run=f"soak-{time.time_ns()}", to=office.address))
        done += some
        _until(partial(_processed, office, done))
        points.append((done, process.memory_info().rss / 1e6))
        print(f"{done} mails: {points[-1][1]:.0f} MB", flush=True)
    late = points[len(points) // 3 :]
    slope = float(np.polyfit([at for at, _ in late], [mb for _, mb in late], 1)[0]) * 10_000 if len(late) > 1 else 0.0
    return {
        "mails": done,
        "mb_at_a_third": round(late[0][1], 1),
        "mb_at_end": round(points[-1][1], 1),
        "mb_per_10000": round(slope, 2),
        "mails_per_s": round(done / (time.monotonic() - began), 1),
    }


def _processed(office: DovecotOffice, count: int) -> bool:
    return office.server.count(office.user, "Behandlat") >= count


def _settled(process: psutil.Process) -> float:
    """Megabytes once they have not moved for a moment."""
    last, since = -1.0, time.monotonic()
    while time.monotonic() - since < _QUIET_SECONDS:
        now = process.memory_info().rss / 1e6
        if abs(now - last) > 1:
            last, since = now, time.monotonic()
        time.sleep(0.1)
    return round(float(process.memory_info().rss) / 1e6, 1)


def _forget_height(pid: int) -> None:
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _height(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6, 1)


def _until(probe: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not probe():
        if time.monotonic() > until:
            raise SystemExit("intake does not take the mails")
        time.sleep(0.1)
