"""Builds the objects of the router and puts them together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from services.router import consumers
from services.router.jobs.guard import guard
from services.router.jobs.listen import listen
from services.router.jobs.measure import measure
from services.router.jobs.peak import keep_peak
from services.router.jobs.reopen import reopen
from services.router.jobs.sweep import sweep
from services.router.settings import Settings
from services.router.store.case_agents import CaseAgents
from services.router.store.domain import Domain
from services.router.store.floor import Floor
from services.router.store.generation import Generation
from services.router.store.held import Held
from services.router.store.library import read_library
from services.router.store.load import Load
from services.router.store.look import Look
from services.router.store.models import Models
from services.router.store.once import Once
from services.router.store.open import read_open
from services.router.store.queues import Queues
from services.router.store.reconcile import Reconciler
from services.router.store.rehearsing import Rehearsing
from services.router.store.relay import Relay
from services.router.store.rule_claims import RuleClaims
from services.router.store.trainer import Trainer
from services.router.store.waiters import Waiters
from services.router.store.watermark import Watermark
from services.router.usecases.answer_offer import AnswerOffer
from services.router.usecases.circumstances import Circumstances
from services.router.usecases.closures import Closures
from services.router.usecases.complete import Complete
from services.router.usecases.decided import Decided
from services.router.usecases.find import MatchText, SearchTexts
from services.router.usecases.floorboard import Floorboard
from services.router.usecases.hand_on import HandOn
from services.router.usecases.hours import Hours
from services.router.usecases.known_queues import KnownQueues
from services.router.usecases.peak import Peak
from services.router.usecases.publish_rules import CheckRules, PublishRules, known_names
from services.router.usecases.pull import Pull, SetPresence
from services.router.usecases.rebuild import Rebuild
from services.router.usecases.rehearse import Rehearse, agents_of
from services.router.usecases.remember_agent import RememberAgent
from services.router.usecases.route_contact import RouteContact
from services.router.usecases.rulebook import Rulebook
from services.router.usecases.supervise import Supervise
from services.router.usecases.takeover import Takeovers
from services.router.usecases.teach import Taught, Teach
from services.router.usecases.terms import AgentTerms
from services.router.web.names import Names
from shared.background import Background
from shared.catalogue import Catalogue
from shared.clock import utc_now
from shared.consume import Inflow
from shared.dead import DeadLetters
from shared.decisions import RedisDecisions
from shared.health import Health
from shared.originals import Originals
from shared.publish import Publisher
from shared.records import AgentProfile
from shared.table import Table
from shared.topics import AGENTS, RULES
from shared.web.live import Hub


@dataclass(frozen=True, slots=True)
class Store:
    """The routing state of this installation and the ways to it."""

    domain: Domain
    queues: Queues
    look: Look
    floor: Floor
    waiters: Waiters
    watermark: Watermark


@dataclass(frozen=True, slots=True)
class Tables:
    """What is read whole at every start."""

    catalogue: Catalogue
    agents: Table
    rules: Table
    rules_changed: asyncio.Event

    def agent(self, agent_id: str) -> AgentProfile | None:
        """Return an agent's profile."""
        found = self.agents.get(agent_id)
        return found if isinstance(found, AgentProfile) else None

    def is_agent(self, person_id: str) -> bool:
        """Say whether somebody works here as an agent."""
        found = self.agent(person_id)
        return found is not None and found.active

    def greeting(self, entrance_id: str) -> str:
        """Return what a contact of this entrance is greeted with."""
        entrance = self.catalogue.entrance(entrance_id)
        return entrance.greeting if entrance else ""

    async def start(self) -> None:
        """Return when all three are read whole."""
        await asyncio.gather(self.catalogue.start(), self.agents.start(), self.rules.start())

    async def stop(self) -> None:
        """Stop following."""
        await asyncio.gather(self.catalogue.stop(), self.agents.stop(), self.rules.stop())


@dataclass(frozen=True, slots=True)
class Orders:
    """What supervisors decide for everybody, and on what terms agents work then."""

    publisher: Publisher
    peak: Peak
    closures: Closures
    terms: AgentTerms


@dataclass(frozen=True, slots=True)
class Doors:
    """The use cases behind the HTTP doors."""

    pull: Pull
    set_presence: SetPresence
    terms: AgentTerms
    peak: Peak
    closures: Closures
    answer_offer: AnswerOffer
    hand_on: HandOn
    complete: Complete
    look: Look
    match_text: MatchText
    search_texts: SearchTexts


@dataclass(frozen=True, slots=True)
class Watching:
    """What supervisors see and do."""

    supervise: Supervise
    floor: Floor
    floorboard: Floorboard
    floor_hub: Hub
    names: Names


@dataclass(frozen=True, slots=True)
class Running:
    """Everything that lives as long as the process."""

    store: Store
    tables: Tables
    rulebook: Rulebook
    publish_rules: PublishRules
    teach: Teach
    publisher: Publisher
    relay_publisher: Publisher
    inflow: Inflow
    background: Background
    dead_letters: DeadLetters


def make_store(settings: Settings) -> Store:
    """Build the ways to the routing state."""
    domain, watermark = Domain(settings.redis, settings.domain, read_library(settings)), Watermark()
    queues = Queues(domain, watermark, cooldown=settings.cooldown_seconds, connecting=settings.connecting_seconds)
    return Store(domain, queues, Look(domain), Floor(domain), Waiters(), watermark)


def make_tables(settings: Settings) -> Tables:
    """Build the whole tables."""
    changed = asyncio.Event()
    rules = Table(settings, RULES, on_change=lambda *_: changed.set())
    return Tables(Catalogue(settings), Table(settings, AGENTS), rules, changed)


def make_orders(settings: Settings, store: Store, tables: Tables) -> Orders:
    """Build what supervisors decide by."""
    publisher = Publisher(settings, "router")
    decided = Decided(tables.rules, publisher)
    peak = Peak(decided, store.queues)
    return Orders(publisher, peak, Closures(decided, store.queues), AgentTerms(tables.agent, peak.active))


def make_doors(store: Store, tables: Tables, taught: Taught, orders: Orders) -> Doors:
    """Build what HTTP asks for."""
    return Doors(
        pull=Pull(store.queues, store.waiters, orders.terms, tables.greeting),
        set_presence=SetPresence(store.queues, orders.terms),
        terms=orders.terms,
        peak=orders.peak,
        closures=orders.closures,
        answer_offer=AnswerOffer(store.queues),
        hand_on=HandOn(store.queues, store.look, tables.agent, utc_now),
        complete=Complete(store.queues),
        look=Look(store.domain, orders.peak.mail_waits),
        match_text=MatchText(tables.catalogue, taught),
        search_texts=SearchTexts(taught),
    )


def make_watching(store: Store, tables: Tables, orders: Orders) -> Watching:
    """Build what supervisors see and do."""
    known = KnownQueues(store.look, tables.catalogue, Rulebook(tables.rules, orders.publisher))
    supervise = Supervise(
        stage=store.queues,
        doorkeeper=orders.closures,
        storm=orders.peak,
        memory=Once(store.domain),
        terms_of=orders.terms.of,
        held=store.look.held,
        agents=store.floor.agents,
        queues=known.names,
    )
    look = Look(store.domain, orders.peak.mail_waits)
    board = Floorboard(look, store.floor, orders.closures.closed, orders.peak.active)
    return Watching(supervise, store.floor, board, Hub(), Names(tables.catalogue, tables.agent))


def make_running(
    settings: Settings, health: Health, store: Store, tables: Tables, taught: Taught, orders: Orders
) -> Running:
    """Build what runs: consumers, relay, sweeper, guard, and the teaching."""
    publisher, relay_publisher = orders.publisher, Publisher(settings, "router")
    inflow = Inflow(settings, "router", publisher, health)
    rules = make_rules(settings, store, tables, publisher)
    owners = CaseAgents(store.domain.plain, settings)
    hours, takeovers, load = Hours(tables.catalogue), Takeovers(tables.catalogue), Load(store.domain)
    around = Circumstances(hours, takeovers, orders.closures, orders.peak, load)
    route = RouteContact(tables.catalogue, taught, rules.book, store.queues, owners, around)
    consumers.register(inflow, route, Complete(store.queues), RememberAgent(owners, tables.is_agent))
    rebuild = Rebuild(store.domain, Generation(store.domain), partial(read_open, settings))
    teach = Teach(
        tables.catalogue, Models(Originals(settings.originals, durable=settings.originals_durable)), Trainer(), taught
    )
    background = Background(health)
    background.add("relay", Relay(store.domain.plain, store.domain.tag, relay_publisher, store.watermark).run)
    background.add("listen", partial(listen, store.domain, store.waiters, store.watermark))
    background.add("guard", partial(guard, store.domain, rebuild))
    background.add("sweep", partial(sweep, store.queues))
    background.add("measure", partial(measure, Reconciler(store.domain, pause=0.01), store.look))
    background.add("peak", partial(keep_peak, orders.peak, store.queues, store.waiters, tables.rules_changed))
    background.add("reopen", partial(reopen, orders.closures, Held(store.domain)))
    background.add("teach", teach.run)
    health.add("redis", store.domain.check)
    health.add("kafka", publisher.check)
    health.add("catalogue", tables.catalogue.check)
    health.add("agents", tables.agents.check)
    health.add("rules", tables.rules.check)
    letters = make_dead_letters(settings, store.domain, publisher)
    return Running(store, tables, rules.book, rules, teach, publisher, relay_publisher, inflow, background, letters)


def make_rules(settings: Settings, store: Store, tables: Tables, publisher: Publisher) -> PublishRules:
    """Build the way to read, check and publish rules."""
    claims, check = RuleClaims(store.domain.plain, settings), CheckRules(partial(known_names, tables.catalogue))
    return PublishRules(Rulebook(tables.rules, publisher), publisher, claims, check)


def make_rehearse(settings: Settings, rules: PublishRules, tables: Tables) -> Rehearse:
    """Build the way to try rules on the past."""
    return Rehearse(rules.check, rules.book, partial(agents_of, tables.agents), Rehearsing(settings))


@asynccontextmanager
async def open_rehearse(settings: Settings) -> AsyncIterator[Rehearse]:
    """Open the rehearsal for a command, and close what it stands on."""
    store, tables, publisher = make_store(settings), make_tables(settings), Publisher(settings, "router")
    try:
        await tables.start()
        yield make_rehearse(settings, make_rules(settings, store, tables, publisher), tables)
    finally:
        await tables.stop()
        await store.domain.close()


@asynccontextmanager
async def open_rules(settings: Settings) -> AsyncIterator[PublishRules]:
    """Open the rules for a command, and close what they stand on."""
    store, tables, publisher = make_store(settings), make_tables(settings), Publisher(settings, "router")
    await publisher.start()
    try:
        await tables.start()
        yield make_rules(settings, store, tables, publisher)
    finally:
        await tables.stop()
        await publisher.stop()
        await store.domain.close()


def make_dead_letters(settings: Settings, domain: Domain, publisher: Publisher) -> DeadLetters:
    """Build what an operator works with; what is decided is no routing state and outlives a rebuild."""
    return DeadLetters(settings, "router", publisher, RedisDecisions(domain.plain, domain.key("dead")))


@asynccontextmanager
async def open_dead_letters(settings: Settings) -> AsyncIterator[DeadLetters]:
    """Open the dead letters for a command, and close what they stand on."""
    domain, publisher = make_store(settings).domain, Publisher(settings, "router")
    await publisher.start()
    try:
        yield make_dead_letters(settings, domain, publisher)
    finally:
        await publisher.stop()
        await domain.close()
