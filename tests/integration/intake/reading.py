"""What a test reads of the log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.events import Event


@dataclass(frozen=True, slots=True)
class Read:
    """A record of the log."""

    id: str
    event: Event


ReadContacts = Callable[[], Awaitable[list[Read]]]
