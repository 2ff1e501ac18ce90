"""What the topic `open` holds: every contact that is not at its end, and those whose end it still remembers."""

from dataclasses import dataclass, field

from shared.events import Event
from shared.records import OpenContact
from shared.settings import ServiceSettings
from shared.table import Table
from shared.topics import OPEN


@dataclass(slots=True)
class OpenContacts:
    """The contacts by id; `ended` are ids whose tombstone was still there."""

    open: dict[str, OpenContact] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def apply(self, key: str, event: Event | None) -> None:
        """Take in one record: the latest of a key counts."""
        if isinstance(event, OpenContact):
            self.open[key] = event
            self.ended.discard(key)
        else:
            self.open.pop(key, None)
            self.ended.add(key)


async def read_open(settings: ServiceSettings) -> OpenContacts:
    """Read the whole topic to where it ends now; TransientError when Kafka does not answer."""
    found = OpenContacts()
    table = Table(settings, OPEN, on_change=found.apply)
    await table.start()
    await table.stop()
    return found
