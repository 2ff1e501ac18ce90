"""What a start finds: leftovers of a run that was killed, and ports that somebody else uses."""

from collections.abc import Callable, Iterable
from signal import SIGINT, SIGTERM

import psutil

from deploy.local.ledger import SUPERVISOR, Ledger, end
from deploy.local.part import Part, StackError, taken


def clear_leftovers(ledger: Ledger, say: Callable[[str], None]) -> None:
    """End the processes that a killed supervisor left behind; only those that are provably the ones it noted."""
    left = {name: process for name, process in ledger.running().items() if name != SUPERVISOR}
    if left:
        names = ", ".join(f"{name} ({process.pid})" for name, process in left.items())
        say(f"  Ending what a run that was killed left behind: {names}")
        polite: dict[int, int] = {
            process.pid: SIGINT if name == "postgres" else SIGTERM for name, process in left.items()
        }
        end(list(left.values()), polite)
    ledger.file.unlink(missing_ok=True)


def check_ports(parts: Iterable[Part]) -> None:
    """Raise a StackError that names every port in use, who uses it, and the setting that moves ours."""
    used = [(part, setting, port) for part in parts for setting, port in part.ports().items() if taken(port)]
    if used:
        lines = [
            f"  {part.name}: port {port} is used{_by_whom(port)}; move it with {setting}=…"
            for part, setting, port in used
        ]
        raise StackError("\n".join(["The stack cannot start: a port it needs is in use.", *lines]))


def _by_whom(port: int) -> str:
    try:
        owners = (
            c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.status == "LISTEN"
        )
        pid = next((owner for owner in owners if owner), None)
        return f" by {psutil.Process(pid).name()} (process {pid})" if pid else ""
    except psutil.Error:
        return ""
