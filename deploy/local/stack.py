"""The stack as an object: `start`, `stop`, `kill`, `restart`, `info`, `pids`; `make run` and tests use it alike."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from deploy.local import assets
from deploy.local.ledger import SUPERVISOR, Ledger
from deploy.local.part import HOST, Part, StackError
from deploy.local.paths import CACHE, PROJECT
from deploy.local.plan import Plan
from deploy.local.progress import Progress
from deploy.local.recover import check_ports, clear_leftovers
from deploy.local.running import tail
from deploy.local.settings import Ports
from deploy.local.supervise import Supervisor
from deploy.prepare import SERVICES


class AlreadyRunningError(StackError):
    """This state folder's stack is up already."""


class Stack:
    """The whole stack on one state folder; nothing happens before `start`.

    After `kill` (SIGKILL) a part stays down until `restart`; one that ends by itself is started again.
    `services=()` brings up the data parts alone; `shown` are the parts whose output is printed besides being logged.
    """

    def __init__(
        self,
        root: Path,
        ports: Ports,
        *,
        progress: Progress | None = None,
        services: tuple[str, ...] = SERVICES,
        shown: tuple[str, ...] = (),
    ) -> None:
        self.root, self.ports = root.resolve(), ports
        self.progress = progress or Progress(quiet=True)
        self.info: dict[str, Any] = {}
        self._services, self._shown = services, shown
        self._ledger = Ledger(self.root)
        self._supervisor: Supervisor | None = None
        self._parts: dict[str, Part] = {}
        self._helper: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Bring everything up; returns when all services are ready. On failure what was started is stopped again."""
        if not self._ledger.claim():
            raise AlreadyRunningError(f"The stack on {self.root} is already running; `make stop` stops it.")
        began = time.monotonic()
        try:
            plan = Plan.of(self.root, self.ports)
            self._parts = {part.name: part for part in [*plan.data_parts(), *plan.services()]}
            clear_leftovers(self._ledger, self.progress.say)
            self._ledger.write(SUPERVISOR, os.getpid())
            check_ports(self._parts.values())
            self._fetch()
            self._supervisor = Supervisor(self.root / "logs", self._ledger, self.progress.say, shown=self._shown)
            self._bring_up()
            self.info = plan.info()
            self.progress.done("all ready", time.monotonic() - began, plan.url("casework"))
            _write(self.root / "stack.json", self.info)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the services first, then what they stand on; leaves nothing running."""
        (self.root / "stack.json").unlink(missing_ok=True)
        self._end_helper()
        if self._supervisor:
            self._supervisor.refuse()
            self._supervisor.stop(*SERVICES)
            self._supervisor.stop(*self._supervisor.names())
            self._supervisor.close()
            self._supervisor = None
        self._ledger.release()

    def kill_all(self) -> None:
        """SIGKILL everything at once, for those who do not want to wait."""
        for name in self._supervisor.names() if self._supervisor else ():
            self.kill(name)

    def kill(self, name: str) -> None:
        """SIGKILL one part (and whatever it started); it stays down until `restart`."""
        self._running().kill(name)

    def restart(self, name: str, **settings: str) -> None:
        """Start one part again, after a kill or instead of one that runs; returns when it answers.

        From then on it has these settings besides its own; an empty one is taken away from it again.
        """
        supervisor = self._running()
        own = self._parts[name].environment
        for key, value in settings.items():
            if value:
                own[key] = value
            else:
                own.pop(key, None)
        supervisor.stop(name)
        supervisor.start(self._parts[name])
        supervisor.wait_ready(name)

    def pids(self) -> dict[str, int]:
        """Return the process id of every part that runs."""
        supervisor = self._running()
        return {name: pid for name in supervisor.names() if (pid := supervisor.pid(name))}

    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise StackError("The stack is not running.")
        return self._supervisor

    def _fetch(self) -> None:
        try:
            with self.progress.step("files", str(CACHE)):
                assets.ensure("kafka", "mail", quiet=self.progress.quiet)
                assets.vendor(quiet=self.progress.quiet)
        except assets.AssetError as error:
            raise StackError(str(error)) from error

    def _bring_up(self) -> None:
        data = [part for name, part in self._parts.items() if name not in SERVICES]
        steps: list[Callable[[], None]] = [_bound(self._start, part) for part in data]
        self._together([*steps, self._prepare] if self._services else steps)
        self._together([_bound(self._start, self._parts[name]) for name in self._services])

    def _together(self, steps: list[Callable[[], None]]) -> None:
        """Run steps in parallel; the first failure ends the others and is the one that is raised."""
        with ThreadPoolExecutor(max(1, len(steps))) as pool:
            try:
                done, _ = wait([pool.submit(step) for step in steps], return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
            except BaseException:
                self._end_helper()
                self._running().refuse()
                raise

    def _start(self, part: Part) -> None:
        supervisor = self._running()
        with self.progress.step(part.name, ", ".join(f"{HOST}:{port}" for port in part.ports().values())):
            part.prepare()
            supervisor.start(part)
            supervisor.wait_ready(part.name)

    def _prepare(self) -> None:
        log = self.root / "logs" / "prepare.log"
        with log.open("w", encoding="utf-8") as errors:
            helper = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.prepare"],
                stdout=subprocess.PIPE, stderr=errors, text=True, cwd=PROJECT, env=os.environ | self._environment(),
            )  # fmt: skip
        self._helper = helper
        for line in helper.stdout or ():
            name, seconds = line.split()
            self.progress.done(name, float(seconds))
        if helper.wait():
            raise StackError(f"Tables, topics or seed could not be prepared. The end of {log}:\n{tail(log, 30)}")

    def _environment(self) -> dict[str, str]:
        ports = {f"KC_LOCAL_PORT_{name.upper()}": str(port) for name, port in self.ports.model_dump().items()}
        own = {key: value for name in SERVICES for key, value in self._parts[name].environment.items()}
        return own | ports | {"KC_LOCAL_ROOT": str(self.root)}

    def _end_helper(self) -> None:
        if self._helper and self._helper.poll() is None:
            self._helper.kill()


def _bound(call: Callable[[Part], None], part: Part) -> Callable[[], None]:
    return lambda: call(part)


def _write(file: Path, content: dict[str, Any]) -> None:
    """Write JSON that holds secrets: whole or not at all, readable by its owner alone."""
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    draft.replace(file)
