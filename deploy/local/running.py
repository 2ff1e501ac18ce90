"""Start one part and stop it again: a process group of its own, output to a file, ready when it answers."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from deploy.local.part import Part, StackError, as_user

PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Running:
    """A part that runs: the process and where its output goes."""

    part: Part
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Stop it politely, by force when it takes longer than its grace."""
        if self.process.poll() is None:
            self.process.send_signal(self.part.stop_signal)
        try:
            self.process.wait(self.part.grace)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to it and everything it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, SIGKILL)
        self.process.wait()

    def again(self) -> None:
        """Start it anew on the same folder and port after a stop or a kill; returns when it answers."""
        self.process = wait_ready(spawn(self.part, self.log)).process


def start(part: Part, log: Path) -> Running:
    """Prepare and start a part; returns when it answers."""
    part.prepare()
    return wait_ready(spawn(part, log))


def spawn(part: Part, log: Path, *, dies_with_us: bool = False) -> Running:
    """Start a prepared part without waiting; `dies_with_us` (Linux) ends it with the thread that called this."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            part.command(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | part.environment,
            cwd=part.data,
            **as_user(part.user()),
            start_new_session=True,
            preexec_fn=_die_with_parent() if dies_with_us else None,  # noqa: PLW1509 - one system call, prepared before the fork
        )
    return Running(part, process, log)


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, SIGKILL)


def wait_ready(running: Running) -> Running:
    """Return when the part answers; StackError with the end of its output when it does not."""
    until = time.monotonic() + running.part.patience
    while not running.part.ready():
        if running.process.poll() is not None or time.monotonic() > until:
            running.kill()
            raise StackError(f"{running.part.name} does not start. The end of {running.log}:\n{tail(running.log)}")
        time.sleep(running.part.pause)
    return running


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(nothing)"


@contextmanager
def started(part: Part, log: Path) -> Iterator[Running]:
    """Run a part as long as the block lasts."""
    running = start(part, log)
    try:
        yield running
    finally:
        running.stop()
