"""A day at a contact centre for the pages of stats: a past, a morning, a surge after lunch, people who wait."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stats.domain.week import start_of
from services.stats.main import create_app
from services.stats.settings import Settings
from services.stats.store.facts import FactStore
from services.stats.store.log import cluster_id
from services.stats.store.series import SeriesStore
from services.stats.wiring import make_fold
from shared.clock import STOCKHOLM
from shared.database import make_engine
from shared.events import Event
from shared.publish import Publisher, message
from shared.records import AgentProfile, CaseTypeRecord, UnitRecord
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from shared.vocabulary import Channel, Presence, Resolution
from tests.support.served import served
from tests.support.stats_events import Log, closed, handed_over, life, opened, presence
from tests.support.templates import migrated

NOW = datetime(2026, 11, 25, 14, 12, tzinfo=STOCKHOLM)
UNITS = {
    "bostadsbolag": ("Bostadsbolag", 30, "ct-kallt", "Det är kallt inne, räknas det som ett fel?"),
    "gata-och-park": ("Gata och park", 22, "ct-lampa", "En gatlampa är trasig"),
    "bygg-och-plan": ("Bygg och plan", 18, "ct-altan", "Behöver jag bygglov för en altan?"),
    "vard-och-omsorg": ("Vård och omsorg", 14, "ct-hemtjanst", "Hur ansöker jag om hemtjänst?"),
    "forskola-och-skola": ("Förskola och skola", 12, "ct-plats", "När får vi besked om plats?"),
    "kontaktcenter": ("Kontaktcenter", 10, "ct-vaxel", "Kan du koppla mig?"),
}
SHARES = {Channel.PHONE: 0.62, Channel.EMAIL: 0.21, Channel.E_SERVICE: 0.11, Channel.VISIT: 0.06}
OPEN = range(96, 204)


def stats_settings(settings: ServiceSettings) -> Settings:
    """Return the same installation as stats sees it; looks often, so that a test need not wait."""
    same = {name: getattr(settings, name) for name in ServiceSettings.model_fields if name != "port"}
    return Settings(**same, watch_seconds=0.3, survey_seconds=0.5)


def profile(number: int) -> float:
    """Return how busy five minutes are: a high morning, a lunch, an even afternoon."""
    hour = number / 12
    return (
        0.55 + 0.75 * float(np.exp(-(((hour - 9.6) / 1.4) ** 2))) + 0.35 * float(np.exp(-(((hour - 13.4) / 1.5) ** 2)))
    )


async def publish(settings: ServiceSettings, *told: Event) -> None:
    """Write events as their services would."""
    publisher = Publisher(settings, "test")
    await publisher.start()
    try:
        await publisher.publish(*(message(event) for event in told), timeout=20)
    finally:
        await publisher.stop()


async def write_catalogue(settings: ServiceSettings) -> None:
    """Publish units, case types and nine agents."""
    told: list[Event] = []
    for unit, (name, _, case_type, question) in UNITS.items():
        told += [
            UnitRecord(id=unit, name=name),
            CaseTypeRecord(id=case_type, path=(name, "Felanmälan", question), unit=unit),
        ]
    told += [AgentProfile(id=f"agent-{number}", name=f"A {number}", skills=_skills(number)) for number in range(9)]
    await publish(settings, *told)


def _skills(number: int) -> dict[str, int]:
    units = list(UNITS)
    return {"*": 3} if number % 3 == 0 else {units[number % 6]: 3, units[(number + 2) % 6]: 2}


async def write_past(engine: AsyncEngine, weeks: int = 8) -> None:
    """Write known volumes of so many weeks before today."""
    rng = np.random.default_rng(5)
    rows = []
    for back in range(1, weeks * 7 + 1):
        day = NOW.date() - timedelta(days=back)
        if day.weekday() < 5:
            for unit, (_, an_hour, case_type, _) in UNITS.items():
                for channel, share in SHARES.items():
                    for number in OPEN:
                        if count := int(rng.poisson(an_hour / 12 * share * profile(number))):
                            at = start_of(day) + timedelta(minutes=5 * number)
                            rows.append((at, channel, unit, case_type, "vaxel", count))
    await SeriesStore(engine).keep_history([rows[at : at + 20_000] for at in range(0, len(rows), 20_000)])


def morning(*, surge: bool = True) -> tuple[list[Event], list[Event]]:
    """Return the events of today until now: of `routing` and of `cases`."""
    rng = np.random.default_rng(11)
    routing: list[Event] = [presence(f"agent-{number}", _state(number), at=NOW) for number in range(9)]
    cases: list[Event] = []
    for unit, (_, an_hour, case_type, _) in UNITS.items():
        for number in range(OPEN.start, 170):
            factor = 3.2 if surge and unit == "bostadsbolag" and number >= 158 else 1.0
            for one in range(int(rng.poisson(an_hour / 12 * profile(number) * factor))):
                at = start_of(NOW.date()) + timedelta(minutes=5 * number, seconds=int(rng.integers(0, 290)))
                channel = list(SHARES)[int(rng.choice(4, p=list(SHARES.values())))]
                name = f"{unit}-{number}-{one}"
                _told(rng, name, at, channel, unit, case_type, routing, cases)
    return routing, cases


def _told(  # noqa: PLR0917 - one contact of the day, spelled out
    rng: np.random.Generator,
    name: str,
    at: datetime,
    channel: Channel,
    unit: str,
    case_type: str,
    routing: list[Event],
    cases: list[Event],
) -> None:
    wait = float(rng.gamma(1.2, 60))
    minutes_ago = (NOW - at).total_seconds() / 60
    told = life(name, at=at, channel=channel, unit=unit, queue=unit, case_type=case_type, wait=wait)
    still = minutes_ago < 4 and rng.random() < (0.7 if channel == Channel.PHONE else 0.2)
    routing += told[:2] if still else told
    if still or rng.random() < 0.2:
        return
    over = at + timedelta(minutes=min(minutes_ago, 8))
    cases.append(opened(name, name, at=at, channel=channel, unit=unit))
    if rng.random() < 0.24:
        cases.append(handed_over(name, name, at=over, channel=channel, unit=unit))
    else:
        solved = rng.random() < 0.8
        resolution = Resolution.SOLVED if solved else Resolution.SELF_SERVICE
        cases.append(closed(name, name, at=over, first=solved, channel=channel, unit=unit, resolution=resolution))


def _state(number: int) -> Presence:
    return {0: Presence.READY, 3: Presence.READY, 4: Presence.READY, 5: Presence.WRAP_UP, 7: Presence.AWAY}.get(
        number, Presence.BUSY
    )


@dataclass(frozen=True, slots=True)
class Stats:
    """A running stats on the real parts, its clock standing at `NOW`."""

    url: str
    settings: Settings
    engine: AsyncEngine


@asynccontextmanager
async def running_stats(
    shared: ServiceSettings, told: tuple[Sequence[Event], Sequence[Event]] = ((), ()), *, weeks: int = 8
) -> AsyncIterator[Stats]:
    """Run stats with a past and a day so far already folded."""
    settings = stats_settings(shared)
    await ensure_topics(settings)
    await write_catalogue(settings)
    migrated(settings.postgres, "services.stats.migrations")
    engine = make_engine(settings, "stats")
    try:
        if weeks:
            await write_past(engine, weeks)
        fold = make_fold(FactStore(engine, await cluster_id(settings)), lambda: None)
        for topic, events in zip(("seed-routing", "seed-cases"), told, strict=True):
            if events:
                await fold.handle(Log(topic).records(*events))
        async with served(create_app(settings, lambda: NOW)) as url:
            yield Stats(url, settings, engine)
    finally:
        await engine.dispose()
