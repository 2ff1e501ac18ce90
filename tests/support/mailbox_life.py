"""The mailbox loop with a memory instead of the log and the database: what it takes in, and in which order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from services.intake.channels.account import Account, Security
from services.intake.channels.mailbox import Mailbox
from services.intake.domain.outcome import Spot
from services.intake.jobs.poll import PollMailbox
from services.intake.jobs.waits import Waits
from services.intake.store.mailboxes import Place
from services.intake.usecases.receive_mail import RawMail
from shared.health import Health

QUICK = Waits(first=0.01, longest=0.05, refused=0.05, refused_longest=0.05, ours_longest=0.05)


@dataclass(slots=True)
class Memory:
    """Takes mails in, and remembers places and what lies where it lay."""

    taken: list[RawMail] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    to: set[str] = field(default_factory=set)
    unmoved: dict[int, Spot] = field(default_factory=dict)

    async def receive(self, raws: Sequence[RawMail], mailbox: str) -> list[str]:
        self.taken.extend(raws)
        self.to.add(mailbox)
        self.unmoved |= {raw.uid: raw.spot for raw in raws}
        return [str(raw.uid) for raw in raws]

    async def moved(self, raws: Sequence[RawMail]) -> None:
        for raw in raws:
            self.unmoved.pop(raw.uid, None)

    async def place(self, name: str) -> Place | None:
        return self.places.get(name)

    async def remember(self, name: str, place: Place) -> None:
        self.places[name] = place

    async def lying(self, _mailbox: str, uidvalidity: int) -> frozenset[int]:
        return frozenset(spot.uid for spot in self.unmoved.values() if spot.uidvalidity == uidvalidity)

    @property
    def uids(self) -> list[int]:
        """The numbers of the mails taken in, in order."""
        return [raw.uid for raw in self.taken]


@dataclass(slots=True)
class Life:
    """A loop that can be started again, as after a restart, with the same memory."""

    account: Account
    memory: Memory = field(default_factory=Memory)
    health: Health = field(default_factory=Health)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Mailbox]:
        """Run it as long as the block lasts."""
        mailbox = Mailbox(self.account)
        poll = PollMailbox(
            mailbox,
            self.account.entrance or self.account.address,
            self.memory,
            self.memory,
            self.health,
            self.memory,
            poll_seconds=self.account.poll_seconds,
            waits=QUICK,
        )
        task = asyncio.create_task(poll.run())
        try:
            yield mailbox
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def problem(self, part: str = "") -> str:
        """Return what is said of the mailbox at `/health/ready`."""
        return (await self.health.failing()).get(self.account.part + part, "")


def account_at(port: int, **more: object) -> Account:
    """Return the account of a server in clear on loopback."""
    plain = Account("127.0.0.1", port, "kontakt", "any", security=Security.NONE, timeout=3, poll_seconds=0.05)
    return replace(plain, **more)  # type: ignore[arg-type] # fields of an account by their names
