"""Mail, from the mailbox to an open case: `python -m tests.bench.mail --mails 500`.

With the local stack up, its own mailbox is measured (`--house stack`); `--house own` runs a stack of its own on a real
Dovecot (and Postfix, as root), whose backlog lies there in one moment. Parts of the measurement by `--only`: `rate`
(mails of `--size`), `large` (1 MB each), `parse` (in this process), and with a house of one's own `memory` (one mail of
25 MB with ten files) and `latency` (SMTP until routed). `--soak N` alone: intake's memory over N mails.
"""

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

from tests.bench import mail_memory, mail_parse, mail_rate
from tests.bench.common import STACK, Stack, finish, flat, show
from tests.bench.mail_house import DovecotOffice, Office, StackOffice, dovecot_office
from tests.support.dovecot import needs_dovecot

PARTS = ("rate", "large", "parse", "memory", "latency")
FLOORS = (
    ("mails_per_s", "80, aiming at 150"),
    ("large mails_per_s", "20"),
    ("parse_ms p95", "3"),
    ("memory_mb peak", "250 at most"),
    ("memory_mb kept", "60 at most"),
    ("latency_ms p95", "1500 at most"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--size", type=int, default=4096, help="bytes of a mail")
    parser.add_argument("--only", help="parts, comma separated (of the stack's own mailbox not `large` unless asked)")
    parser.add_argument("--house", choices=("stack", "own"), help="stack when one is up, else own")
    parser.add_argument("--large-mails", type=int, default=40, help="mails of 1 MB")
    parser.add_argument("--parsed", type=int, default=300, help="mails of each kind that are parsed")
    parser.add_argument("--sent", type=int, default=60, help="mails of the latency part")
    parser.add_argument("--rate", type=float, default=3.0, help="mails a second of the latency part")
    parser.add_argument("--soak", type=int, default=0, help="so many mails through one intake, and nothing else")
    parser.add_argument("--patience", type=float, default=30, help="seconds without progress before a mail is lost")
    parser.add_argument("--stack", type=Path, default=STACK)
    asked = parser.parse_args()
    parts = tuple(asked.only.split(",")) if asked.only else PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"--only names {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    result = soaked(asked.soak) if asked.soak else measure(asked, parts)
    show("Mail", ("measure", "value"), flat(result))
    floors = dict(flat(result))
    show(
        "Asked",
        ("measure", "asked", "found"),
        [(name, floor, floors[name]) for name, floor in FLOORS if name in floors],
    )
    finish(result)


def soaked(mails: int) -> dict[str, Any]:
    with dovecot_office(services=("router",)) as office:
        return {"soak": mail_memory.soak(office, mails)}


def measure(asked: argparse.Namespace, parts: tuple[str, ...]) -> dict[str, Any]:
    """Measure the parts that were asked for and that this house can measure."""
    result: dict[str, Any] = {}
    if "parse" in parts:
        result["parse_ms"] = mail_parse.parsing(20_000, asked.parsed)
    if set(parts) == {"parse"}:
        return result
    with _office(asked) as office:
        if "rate" in parts:
            result |= uvloop.run(mail_rate.rate(office, asked.mails, asked.size, patience=asked.patience))
        if "latency" in parts:
            result["latency_ms"] = uvloop.run(mail_rate.latency(office, asked.sent, asked.rate))
        if "large" in parts and (asked.only or isinstance(office, DovecotOffice)):
            large = mail_rate.rate(office, asked.large_mails, 1_000_000, patience=asked.patience)
            result["large"] = uvloop.run(large)
        if "memory" in parts and isinstance(office, DovecotOffice):
            result["memory_mb"] = mail_memory.one_large(office, 25_000_000, 10)
    return result


@contextlib.contextmanager
def _office(asked: argparse.Namespace) -> Iterator[Office]:
    house = asked.house or ("stack" if asked.stack.exists() or needs_dovecot.args[0] else "own")
    if house == "stack":
        yield StackOffice(Stack.read(asked.stack))
    else:
        with dovecot_office() as own:
            yield own


if __name__ == "__main__":
    main()
