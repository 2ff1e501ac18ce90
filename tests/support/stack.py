"""A whole stack of one's own for the tests that need all of it: free ports, a folder that goes with it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.settings import Ports
from deploy.local.stack import Stack
from deploy.prepare import SERVICES


@contextmanager
def state_folder() -> Iterator[Path]:
    """A temporary folder that servers under another user can reach (pytest's own are closed to them)."""
    root = Path(tempfile.mkdtemp(prefix="kontaktcenter-stack-"))
    try:
        yield root / "state"
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def own_stack(services: tuple[str, ...] = SERVICES) -> Iterator[Stack]:
    """Run a stack as long as the block lasts: `kill(part)`, `restart(part)`, `info` as in `stack.json`, `pids()`."""
    with state_folder() as root:
        stack = Stack(root, Ports.free(), services=services)
        stack.start()
        try:
            yield stack
        finally:
            stack.stop()
