"""The comparison of all mailboxes: one of them stops no other, and two rounds are never made at once."""

import asyncio
from dataclasses import dataclass, field

from services.intake.domain.reconciliation import Difference
from services.intake.jobs.reconcile import Reconcile


@dataclass
class Mailbox:
    """A mailbox whose comparison fails as it is told, and notes how many are made at the same time."""

    mailbox: str
    error: Exception | None = None
    now: int = 0
    most: int = 0
    found: list[Difference] = field(default_factory=list)

    async def once(self) -> list[Difference]:
        if self.error:
            raise self.error
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        return self.found


async def test_whatever_goes_wrong_with_a_mailbox_those_behind_it_are_compared() -> None:
    odd, well = Mailbox("odd", ValueError("no number")), Mailbox("well")
    loop = Reconcile([odd, well], 60)  # type: ignore[list-item] # what compares, without a server
    assert [one.well for one in await loop.each()] == [False, True]
    assert await loop.once() is False


async def test_a_button_and_the_loop_never_compare_a_mailbox_at_the_same_time() -> None:
    box = Mailbox("well")
    loop = Reconcile([box], 60)  # type: ignore[list-item] # what compares, without a server
    await asyncio.gather(loop.once(), loop.once())
    assert box.most == 1
