"""Keeps the parts alive: honcho starts each, reads its output and tells of its end; what we add is what to do then.

honcho's own manager stops everything when one process ends; here an unexpected end is said and the part starts again.
"""

import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from signal import SIGKILL, Signals
from threading import Event, Thread, Timer
from typing import Any

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from deploy.local.ledger import Ledger
from deploy.local.part import Part, StackError, as_user
from deploy.local.running import tail

STEADY_SECONDS = 20.0
"""A part that lived so long starts again at once; one that falls sooner waits longer each time."""
LONGEST_WAIT = 10.0


@dataclass(slots=True)
class Child:
    """One run of a part: its process, and whether its end would be unexpected (`kept`)."""

    part: Part
    log: Path
    kept: bool = False
    falls: int = 0
    born: float = field(default_factory=time.monotonic)
    popen: Any = None
    spawned: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.popen is not None and not self.ended.is_set()

    def spawn(self, command: list[str], *, env: dict[str, str], cwd: Path) -> Any:
        """Start the process, in a session of its own so that Ctrl-C reaches the supervisor alone."""
        self.popen = Popen(command, env=env, cwd=cwd, shell=False, **as_user(self.part.user()))
        self.spawned.set()
        return self.popen

    def run(self, colour: str, messages: "Queue[Message]") -> None:
        """Run it to its end, putting its lines and its end on the queue; blocks, hence a thread each."""
        environment = os.environ | self.part.environment
        process = Process(self.part.command(), self.part.name, colour, env=environment, cwd=self.part.data)
        process._child_ctor = self.spawn  # noqa: SLF001 - honcho's seam for another Popen; it has no public one
        try:
            process.run(messages)
        except OSError as error:
            self.log.write_text(f"{error}\n")
        finally:
            self.ended.set()
            self.spawned.set()

    def how(self) -> str:
        """Return how it ended, for people."""
        code = self.popen.returncode if self.popen else None
        return Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


class Supervisor:
    """Starts, watches, restarts and stops parts; `say` gets one line per thing a person should know."""

    def __init__(
        self,
        logs: Path,
        ledger: Ledger,
        say: Callable[[str], None],
        *,
        shown: Collection[str] = (),
        colour: bool = True,
    ) -> None:
        self._logs, self._ledger, self._say, self._shown = logs, ledger, say, frozenset(shown)
        self._printer = Printer(colour=colour, width=max(map(len, shown), default=0))
        self._children: dict[str, Child] = {}
        self._messages: Queue[Message] = Queue()
        self._colours, self._colour = get_colours(), dict[str, str]()
        self._closing, self._refusing = Event(), Event()
        _rotate(logs)
        self._reader = Thread(target=self._read, name="supervisor", daemon=True)
        self._reader.start()

    def refuse(self) -> None:
        """Start nothing from now on, and end every wait for a part; what runs is for `stop`."""
        self._refusing.set()

    def start(self, part: Part, *, falls: int = 0, kept: bool = False) -> None:
        """Start a prepared part without waiting for it."""
        if self._refusing.is_set():
            raise StackError(f"{part.name} is not started: the stack is stopping.")
        child = Child(part, self._logs / f"{part.name}.log", kept=kept, falls=falls)
        self._children[part.name] = child
        colour = self._colour.setdefault(part.name, next(self._colours))
        Thread(target=child.run, args=(colour, self._messages), name=part.name, daemon=True).start()
        child.spawned.wait(10)
        self._ledger.write(part.name, self.pid(part.name))

    def wait_ready(self, name: str) -> None:
        """Return when the part answers, and keep it alive from now on; StackError when it does not."""
        child = self._children[name]
        until = time.monotonic() + child.part.patience
        while not child.part.ready():
            if child.ended.wait(child.part.pause) or self._refusing.is_set() or time.monotonic() > until:
                how = f"ended ({child.how()})" if child.ended.is_set() else "does not answer"
                raise StackError(f"{name} {how}. The end of {child.log}:\n{tail(child.log)}")
        child.kept = True

    def pid(self, name: str) -> int | None:
        """Return the part's process id while it runs."""
        child = self._children.get(name)
        return child.popen.pid if child and child.alive else None

    def names(self) -> list[str]:
        """Return the parts that run."""
        return [name for name, child in self._children.items() if child.alive]

    def stop(self, *names: str) -> None:
        """Stop parts together: each gets its signal at once, and SIGKILL when it outlasts its grace."""
        children = [self._children[name] for name in names if name in self._children]
        for child in children:
            child.kept = False
            if child.alive:
                child.popen.send_signal(child.part.stop_signal)
        for child in children:
            if child.alive and not child.ended.wait(child.part.grace):
                self._say(f"{child.part.name} did not stop within {child.part.grace:g} s and was killed")
                self.kill(child.part.name)
            self._ledger.write(child.part.name, None)

    def kill(self, name: str) -> None:
        """SIGKILL a part with everything it started; it stays down until somebody starts it again."""
        child = self._children[name]
        child.kept = False
        if child.alive:
            with suppress(ProcessLookupError):
                os.killpg(child.popen.pid, SIGKILL)
            child.ended.wait(10)
        self._ledger.write(name, None)

    def close(self) -> None:
        """End the watching, after everything has stopped."""
        self._closing.set()
        self._reader.join(5)

    def _read(self) -> None:
        while not (self._closing.is_set() and self._messages.empty()):
            with suppress(Empty):
                self._take(self._messages.get(timeout=0.2))

    def _take(self, message: Message) -> None:
        match message.type:
            case "line":
                with (self._logs / f"{message.name}.log").open("ab") as log:
                    log.write(message.data)
                if message.name in self._shown:
                    self._printer.write(message)
            case "stop":
                self._fell(self._children[message.name])
            case _:
                pass

    def _fell(self, child: Child) -> None:
        child.ended.wait(1)
        if not child.ended.is_set() or not child.kept or self._refusing.is_set():
            return
        falls = 1 if time.monotonic() - child.born > STEADY_SECONDS else child.falls + 1
        pause = min(LONGEST_WAIT, 0.2 * 2 ** (falls - 1))
        self._say(f"{child.part.name} ended unexpectedly ({child.how()}); it starts again in {pause:g} s")
        timer = Timer(pause, self._again, (child, falls))
        timer.daemon = True
        timer.start()

    def _again(self, child: Child, falls: int) -> None:
        name = child.part.name
        if self._refusing.is_set() or not child.kept or self._children[name] is not child:
            return
        self.start(child.part, falls=falls, kept=True)
        with suppress(StackError):  # it fell again: the reader has seen its end and starts it anew
            self.wait_ready(name)
            self._say(f"{name} answers again")


def _rotate(logs: Path) -> None:
    """Begin every start with fresh logs; those of the start before are kept as `.log.1`."""
    logs.mkdir(parents=True, exist_ok=True)
    for log in logs.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))
