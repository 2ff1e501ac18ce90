"""What the demo and the benchmarks need to know of a running stack: its `stack.json`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT = Path(__file__).parents[2] / "var" / "local" / "stack.json"


@dataclass(frozen=True, slots=True)
class StackInfo:
    """Addresses and secrets of a running local stack (doors.md, "The local stack")."""

    intake: str
    router: str
    casework: str
    stats: str
    smtp: str
    imap: str
    kafka: str
    postgres: str
    redis: str
    token: str
    mailbox: str
    webhook_secret: str
    cti_token: str
    agents: tuple[str, ...]

    @classmethod
    def load(cls, path: Path = DEFAULT) -> "StackInfo":
        """Read the file that `make run` wrote; a missing one says what to do."""
        if not path.exists():
            raise SystemExit(f"No stack is running ({path.name} is missing). Start it with `make run`.")
        return cls.of(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def of(cls, info: dict[str, Any]) -> "StackInfo":
        """Return the stack described by a parsed `stack.json`; unknown keys are ignored."""
        known = {name: info[name] for name in cls.__slots__ if name != "agents"}
        return cls(**known, agents=tuple(info["agents"]))

    @property
    def machine(self) -> dict[str, str]:
        """The header of a machine caller."""
        return {"Authorization": f"Bearer {self.token}"}
