"""What all benchmarks share: reading files of their shape, a table for people, one JSON line for programs."""

import gzip
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

STACK = Path("var/local/stack.json")


def lines(path: Path) -> list[str]:
    """The lines of a file, plain or .gz, without the empty ones."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8")
    return [line for line in text.split("\n") if line.strip()]


def pairs(path: Path) -> list[tuple[str, str]]:
    """The two columns of a TSV file; ends the run with the number of a line that has not two."""
    found = []
    for number, line in enumerate(lines(path), 1):
        left, tab, right = line.rstrip("\r").partition("\t")
        if not tab:
            sys.exit(f"{path}:{number}: expected two columns with a tab between")
        found.append((left, right))
    return found


def percent(part: float, whole: float = 1.0) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def quantile(values: Sequence[float], share: float, digits: int = 3) -> float:
    return round(float(np.quantile(np.asarray(values), share)), digits) if len(values) else float("nan")


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 110).print(table)


def flat(result: Mapping[str, Any]) -> list[tuple[str, object]]:
    """The rows of a result for `show`: a table within it becomes a row for each of its own."""
    rows: list[tuple[str, object]] = []
    for name, value in result.items():
        if isinstance(value, Mapping):
            rows.extend((f"{name} {part}", each) for part, each in flat(value))
        else:
            rows.append((name, value))
    return rows


def finish(result: Mapping[str, Any]) -> None:
    """The last line: one JSON object."""
    print(json.dumps(result, ensure_ascii=False), flush=True)


@dataclass(frozen=True)
class Stack:
    """A running local stack, as it describes itself."""

    path: Path
    facts: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Stack":
        """Read `stack.json`; ends the run when no stack is up."""
        if not path.exists():
            sys.exit(f"{path} is missing: start the stack first (make run ARGS=--detach)")
        return cls(path, json.loads(path.read_text(encoding="utf-8")))

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]
