"""Dead letters: records that cannot be handled, kept untouched beside the group, the reason and where they stood."""

from typing import Any

from shared.clock import utc_now
from shared.errors import KontaktcenterError, LogUnavailableError
from shared.publish import Publisher, Raw

MARK = "dead_"
"""Our headers on a dead record; its own stand beside them, untouched."""


def reason_of(error: BaseException) -> str:
    """Return why, as `Kind: text`; only errors of our own speak, others could quote the record (personal data)."""
    name = type(error).__name__
    return f"{name}: {error}"[:500] if isinstance(error, KontaktcenterError) else name


class Burial:
    """Writes records to the dead topic beside theirs."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def bury(self, record: Any, *, group: str, error: BaseException, attempts: int) -> None:
        """Return when the dead topic has the record; LogUnavailableError when Kafka does not answer."""
        marks = {
            "group": group,
            "reason": reason_of(error),
            "attempts": str(attempts),
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "at": utc_now().isoformat(),
        }
        own = [(name, value) for name, value in record.headers if not name.startswith(MARK)]
        ours = [(f"{MARK}{name}", text.encode()) for name, text in marks.items()]
        letter = Raw(f"{record.topic}.dead", record.key, record.value, [*own, *ours])
        if await self._publisher.publish_raw([letter], within=5.0) != 1:
            raise LogUnavailableError(f"{letter.topic} did not take the record")
