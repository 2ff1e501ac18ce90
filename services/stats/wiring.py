"""Builds the objects of stats and puts them together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.stats import consumers
from services.stats.domain.alarm import Rule
from services.stats.jobs.clockwork import Beat, months_ahead, surveying, watching
from services.stats.settings import Settings
from services.stats.store import tables
from services.stats.store.alarms import AlarmStore
from services.stats.store.facts import FactStore
from services.stats.store.figures import FigureStore
from services.stats.store.live import LiveStore
from services.stats.store.log import read_log
from services.stats.store.series import SeriesStore
from services.stats.store.streams import take_sample
from services.stats.usecases.board import ShowBoard
from services.stats.usecases.fold import Fold
from services.stats.usecases.load import ShowLoad
from services.stats.usecases.normal import Normal
from services.stats.usecases.replay import Replay
from services.stats.usecases.survey import Survey
from services.stats.usecases.translate import CASE_FACTS, ROUTING_FACTS
from services.stats.usecases.watch import Watch
from services.stats.web.names import Names
from services.stats.web.state import Boards, Reading
from services.stats.web.words import Words
from shared import database
from shared.background import Background
from shared.calendar import WorkingCalendar
from shared.catalogue import Catalogue
from shared.clock import Clock, utc_now
from shared.consume import Inflow
from shared.dead import DeadLetters
from shared.decisions import SqlDecisions, open_letters
from shared.health import Health
from shared.outbox import Relay
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.table import Table
from shared.topics import AGENTS, CASES, ROUTING
from shared.web.live import Hub


@dataclass(frozen=True, slots=True)
class Running:
    """What lives as long as the process: started in this order, stopped in the other."""

    names: Names
    publisher: Publisher
    inflow: Inflow
    background: Background
    dead_letters: DeadLetters

    async def start(self) -> None:
        """Read the whole tables, then fold, then watch."""
        await self.names.catalogue.start()
        await self.names.agents.start()
        await self.publisher.start()
        await self.inflow.start()
        await self.background.start()

    async def stop(self) -> None:
        """Let the batches in hand end, then leave."""
        await self.background.stop()
        await self.inflow.stop()
        await self.publisher.stop()
        await self.names.agents.stop()
        await self.names.catalogue.stop()


def make_names(settings: ServiceSettings) -> Names:
    """Build what knows units, queues, case types and agents by name."""
    return Names(Catalogue(settings), Table(settings, AGENTS))


def make_reading(settings: Settings, engine: AsyncEngine, names: Names, clock: Clock = utc_now) -> Reading:
    """Build what pages and API read from."""
    series, alarms = SeriesStore(engine), AlarmStore(engine)
    figures = FigureStore(engine, answer_within=settings.answer_within)
    normal = Normal(series, weeks=settings.history_weeks)
    board = ShowBoard(LiveStore(engine), figures, series, alarms, normal, clock)
    return Reading(
        boards=Boards(board),
        load=ShowLoad(series, normal, clock),
        figures=figures,
        alarms=alarms,
        names=names,
        words=Words(names),
        hub=Hub(),
        survey=Survey(lambda: take_sample(settings, clock)),
        clock=clock,
        answer_within=settings.answer_within,
        solved_goal=settings.solved_goal,
    )


def make_fold(store: FactStore, changed: Callable[[], None]) -> Fold:
    """Build the fold; mail is timed in working days."""
    return Fold(store, WorkingCalendar().working_days_between, changed)


def make_watch(settings: Settings, reading: Reading, changed: Callable[[], None]) -> Watch:
    """Build the look at every series."""
    rule = Rule(
        odds=settings.alarm_odds,
        clear_odds=settings.alarm_clear_odds,
        calm_looks=settings.alarm_calm_looks,
        min_count=settings.alarm_min_count,
    )
    load = reading.load
    return Watch(load.series, reading.alarms, load.normal, rule, reading.clock, reading.words.swedish, changed)


def make_running(settings: Settings, engine: AsyncEngine, health: Health, reading: Reading, *, cluster: str) -> Running:
    """Build what runs: consumers, the watch, the relay of the outbox, the beat."""
    publisher = Publisher(settings, "stats")
    inflow = Inflow(settings, "stats", publisher, health)
    store, beat = FactStore(engine, cluster), Beat(reading.hub)
    consumers.register(inflow, make_fold(store, beat.changed).handle)
    background = Background(health)
    background.add("beat", beat.run)
    background.add("watch", watching(make_watch(settings, reading, beat.changed), settings.watch_seconds))
    background.add("survey", surveying(reading.survey, reading.hub, settings.survey_seconds))
    background.add("months", months_ahead(store, reading.clock))
    background.add("relay", Relay(engine, tables.OUTBOX, publisher).run)
    health.add("postgres", database.check(engine))
    health.add("kafka", publisher.check)
    health.add("catalogue", reading.names.catalogue.check)
    health.add("agents", reading.names.agents.check)
    letters = DeadLetters(settings, "stats", publisher, SqlDecisions(engine, tables.DEAD_DECISIONS))
    return Running(reading.names, publisher, inflow, background, letters)


def make_replay(settings: ServiceSettings, engine: AsyncEngine, cluster: str) -> Replay:
    """Build the replay of the log."""
    store = FactStore(engine, cluster)
    wanted = ((ROUTING, ROUTING_FACTS), (CASES, CASE_FACTS))
    return Replay(store, make_fold(store, lambda: None), lambda: read_log(settings, wanted))


def open_dead_letters(settings: ServiceSettings) -> AbstractAsyncContextManager[DeadLetters]:
    """Open what the commands about dead letters need."""
    return open_letters(settings, "stats", tables.DEAD_DECISIONS)
