"""An intake's reading of one platform on the real log and database, with clocks of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.channels.eplatform import EPlatform, Family, Platform
from services.intake.domain.instance import Told
from services.intake.jobs.platform import AnswerPlatform, Patience, PollPlatform
from services.intake.jobs.platform_round import Round
from services.intake.store.instances import Instances
from services.intake.store.platform_answers import PlatformAnswers
from services.intake.store.seen import Seen
from services.intake.usecases.note_cases import NoteCases
from services.intake.usecases.publishing import Log
from services.intake.usecases.receive_instance import ReceiveInstance
from services.intake.usecases.tell_platform import TellPlatform
from shared.catalogue import Catalogue
from shared.events import ContactFollowedUp, ContactReceived, Event
from shared.health import Health
from shared.lane import Received
from shared.originals import Originals
from shared.settings import ServiceSettings
from tests.integration.intake.reading import ReadContacts
from tests.support.eplatform_peer import EPlatformPeer

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
FAMILY = Family(
    "832",
    "kontakta-oss",
    date(2026, 11, 1),
    answers={Told.OPENED: "Mottaget", Told.HANDED_OVER: "Hos handläggare", Told.CLOSED: "Avslutat"},
)
PLAIN = Platform("kommunen", "", "")


@dataclass
class Time:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **more: float) -> None:
        self.now += timedelta(**more)


@dataclass
class Desk:
    """What reads and tells one platform; `again` is the same after a restart of the process."""

    settings: ServiceSettings
    engine: AsyncEngine
    catalogue: Catalogue
    log: Log
    peer: EPlatformPeer
    time: Time = field(default_factory=Time)
    health: Health = field(default_factory=Health)
    platform: Platform = PLAIN
    seen: Seen = field(init=False)
    client: EPlatform = field(init=False)

    def __post_init__(self) -> None:
        self.platform = replace(
            self.platform,
            url=self.peer.url,
            user=self.peer.user,
            password=self.peer.password,
            families=self.platform.families or (FAMILY,),
            timeout=4.0,
            deadline=4.0,
        )
        self.seen, self.client = Seen(self.engine), EPlatform(self.platform)

    @property
    def book(self) -> Instances:
        return Instances(self.engine)

    @property
    def queue(self) -> PlatformAnswers:
        return PlatformAnswers(self.engine)

    @property
    def originals(self) -> Originals:
        return Originals(self.settings.originals)

    def poll(self, **more: Any) -> PollPlatform:
        receive = ReceiveInstance(
            self.client, self.catalogue, self.originals, self.log, self.seen, self.book, self.time, b"k" * 32
        )
        reads = Round(self.client, replace(receive, **more), self.book, self.time)
        return PollPlatform(self.client, reads, self.book, self.health, Patience(first=0.05))

    def answer(self) -> AnswerPlatform:
        tell = TellPlatform(self.client, self.queue, self.time)
        return AnswerPlatform(tell, self.queue, self.health, Patience(first=0.05), every=0.05)

    async def became(self, *events: Event) -> None:
        """Have `cases` say these."""
        batch = [Received(one, "e", one.event_type, NOW, one.key, "cases", 0, 0, None) for one in events]
        await NoteCases(self.queue, self.time).handle(batch)

    async def again(self, **more: Any) -> "Desk":
        await self.close()
        return replace(self, **more)

    async def close(self) -> None:
        await self.client.close()
        await self.seen.stop()


@asynccontextmanager
async def desk(
    settings: ServiceSettings, engine: AsyncEngine, catalogue: Catalogue, log: Log, platform: Platform | None = None
) -> AsyncIterator[Desk]:
    async with EPlatformPeer() as peer:
        made = Desk(settings, engine, catalogue, log, peer, platform=platform or PLAIN)
        try:
            yield made
        finally:
            await made.close()


async def events_of(read_contacts: ReadContacts) -> list[ContactReceived]:
    """Return the contacts on the log, in no order."""
    return [one.event for one in await read_contacts() if isinstance(one.event, ContactReceived)]


async def follow_ups(read_contacts: ReadContacts) -> list[ContactFollowedUp]:
    return [one for one in await events_of(read_contacts) if isinstance(one, ContactFollowedUp)]
