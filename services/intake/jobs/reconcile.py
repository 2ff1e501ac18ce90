"""The reconciliation loop: every mailbox is compared with the ledger at intervals; one that is away stops no other."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from services.intake.channels.imap_errors import ERRORS, words
from services.intake.usecases.reconcile_mail import ReconcileMail
from shared.errors import TransientError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison of a mailbox found, in words."""

    mailbox: str
    said: str
    well: bool

    @property
    def line(self) -> str:
        """One line for people."""
        return f"{self.mailbox}: {self.said}"


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Compares all mailboxes, one after the other, for as long as the process lives."""

    mailboxes: Sequence[ReconcileMail]
    every: float
    first: float = 30.0
    """Seconds before the first comparison: what lies there at the start is taken in first."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.sleep(min(self.first, self.every))
        while True:
            await self.once()
            await asyncio.sleep(self.every)

    async def once(self) -> bool:
        """Compare each; say whether every one could be and none differs."""
        return all(one.well for one in await self.each())

    async def each(self) -> list[Compared]:
        """Compare each; return what was found. A button that is pressed meanwhile waits for its turn."""
        async with self.turn:
            return [await self._one(one) for one in self.mailboxes]

    async def _one(self, one: ReconcileMail) -> Compared:
        try:
            found = await one.once()
        except (*ERRORS, TransientError) as error:
            log.warning("mail_not_compared", mailbox=one.mailbox, reason=words(error))
            return Compared(one.mailbox, words(error), well=False)
        except Exception as error:
            # Whatever it is, it is the trouble of one mailbox, and those behind it are compared all the same.
            log.exception("mail_comparison_failed", mailbox=one.mailbox)
            return Compared(one.mailbox, words(error), well=False)
        kinds = Counter(difference.kind for difference in found)
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        return Compared(one.mailbox, said or "every mail has one outcome", well=not found)
