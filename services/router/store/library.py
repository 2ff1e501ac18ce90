"""The Redis Functions as one library: the Lua files joined behind the constants of the domain, named by what they are.

The name holds a hash of the source, so two versions of the router work side by side on one server.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from services.router.domain import contact, order
from services.router.settings import Settings

_FOLDER = Path(__file__).parent / "functions"
_LOOK_PAST = 16
"""How many contacts (agents) that are cooling down are passed before the next is left for later."""
_PAGE = 16
"""How many lines, benches, deadlines or agents one look reads: no function scans more at once."""
_GLANCE = 4
"""How many are read at first: most often one of them will do."""
_HISTORY = 50
_CLASS_SPAN = 2**43
"""Milliseconds since 1970 lie below it until 2248, so class and turn make one number that sorts and is exact."""
_ANOTHERS_MS = 12 * 3600 * 1000
"""How long a contact waits in somebody else's queue at most: by then its end was lost."""
_KEEP_COMMANDS_MS = 3600 * 1000
"""How long a command that carries an id is remembered."""
_KEEP_FINISHED_MS = 24 * 3600 * 1000
"""How long an ended contact is remembered, so that its late arrival or a repeated command changes nothing."""


@dataclass(frozen=True, slots=True)
class Library:
    """The source and the version that every function's name ends with."""

    source: str
    version: str

    def function(self, name: str) -> str:
        """Return the full name of a function."""
        return f"{name}_{self.version}"


def read_library(settings: Settings) -> Library:
    """Return the library for these settings."""
    body = "\n".join(path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.lua")))
    source = f"{_constants(settings)}\n{body}"
    version = hashlib.sha256(source.encode()).hexdigest()[:10]
    return Library(f"#!lua name=kc_router_{version}\nlocal VERSION = '{version}'\n{source}", version)


def _constants(settings: Settings) -> str:
    grace = ", ".join(f"[{n}] = {order.GRACE[p].total_seconds() * 1000:.0f}" for n, p in enumerate(order.CLASSES))
    numbers = {
        "OFFER_MS": settings.offer_seconds * 1000,
        "PRESENCE_MS": settings.presence_seconds * 1000,
        "COOL_MS": settings.cooldown_seconds * 1000,
        "INTERVAL_MS": settings.offer_interval_seconds * 1000,
        "TRANSFER_MS": settings.transfer_seconds * 1000,
        "ANOTHERS_MS": _ANOTHERS_MS,
        "KEEP_FINISHED": _KEEP_FINISHED_MS,
        "KEEP_COMMANDS": _KEEP_COMMANDS_MS,
        "CLASS_SPAN": _CLASS_SPAN,
        "PAGE": _PAGE,
        "GLANCE": _GLANCE,
        "EPOCHS": contact.EPOCHS,
        "SHARE": order.SHARE,
        "LOOK_PAST": _LOOK_PAST,
        "HISTORY": _HISTORY,
    }
    return "\n".join(
        [
            *(f"local {name} = {value:.0f}" for name, value in numbers.items()),
            f"local COST = {{ {', '.join(f'{channel} = {cost}' for channel, cost in contact.COST.items())} }}",
            f"local LIVE = {{ {', '.join(f'{channel} = true' for channel in sorted(contact.LIVE))} }}",
            f"local GRACE = {{ {grace} }}",
        ]
    )
