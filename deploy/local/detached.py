"""A stack in the background: started so that the caller returns when all is ready, and stopped from elsewhere."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from deploy.local.ledger import Ledger
from deploy.local.part import StackError
from deploy.local.paths import PROJECT
from deploy.local.recover import clear_leftovers
from deploy.local.running import tail

STOP_SECONDS = 60.0


def start_detached(root: Path, say: Callable[[str], None]) -> None:
    """Start the stack in the background; returns when everything is ready, showing its progress meanwhile."""
    if Ledger(root).supervisor():
        say(f"The stack on {root} is already running; `make stop` stops it.")
        return
    root.mkdir(parents=True, exist_ok=True)
    (root / "stack.json").unlink(missing_ok=True)
    progress, output = root / "start.log", root / "stack.out"
    progress.unlink(missing_ok=True)
    with output.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up", "--progress", str(progress)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=PROJECT, start_new_session=True,
        )  # fmt: skip
    try:
        _follow(child, root, progress, say)
    except KeyboardInterrupt:
        child.terminate()
        child.wait(STOP_SECONDS)
        raise
    if child.poll() is not None:
        raise StackError(tail(output, 40))


def stop_running(root: Path) -> bool:
    """Stop the stack of a state folder, or what a killed one left behind; False when nothing ran."""
    book = Ledger(root)
    supervisor = book.supervisor()
    if supervisor:
        supervisor.send_signal(signal.SIGTERM)
        try:
            supervisor.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            supervisor.kill()
    left = bool(book.running())
    if left:
        clear_leftovers(book, print)
    return left or supervisor is not None


def _follow(child: "subprocess.Popen[bytes]", root: Path, progress: Path, say: Callable[[str], None]) -> None:
    shown = 0
    while True:
        over = child.poll() is not None or (root / "stack.json").exists()
        lines = progress.read_text(encoding="utf-8").splitlines() if progress.exists() else []
        for line in lines[shown:]:
            say(line)
        shown = len(lines)
        if over:
            return
        time.sleep(0.1)
