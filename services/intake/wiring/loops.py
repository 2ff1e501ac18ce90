"""What runs behind the doors."""

from collections.abc import Callable
from datetime import timedelta

from services.intake import consumers
from services.intake.channels.qmatic import Orchestra
from services.intake.jobs.prune import Prune
from services.intake.jobs.qmatic import KeepQmatic
from services.intake.jobs.reconcile import Reconcile
from services.intake.jobs.rescan import Rescan
from services.intake.settings import Settings
from services.intake.store.answers import Answers
from services.intake.store.calls import Calls
from services.intake.store.exchange import ExchangeAnswers
from services.intake.store.instances import Instances
from services.intake.store.ledger import Ledger
from services.intake.store.qmatic import QmaticVisits
from services.intake.store.return_legs import ReturnLegs
from services.intake.store.tables import OUTBOX
from services.intake.store.unscanned import Unscanned
from services.intake.store.visits import Visits
from services.intake.store.webhook_ids import KEEP_MINUTES
from services.intake.usecases.note_routing import NoteRouting
from services.intake.web.reception import TOPIC
from services.intake.wiring.calls import add_call_loops, dialers_of
from services.intake.wiring.doors import make_follow_qmatic
from services.intake.wiring.mail import make_accounts, make_poll
from services.intake.wiring.parts import Parts
from services.intake.wiring.platforms import make_note_cases, make_platform_loops
from shared.background import Background
from shared.clock import utc_now
from shared.consume import Inflow
from shared.health import Health
from shared.outbox import Relay

_WEBHOOKS = timedelta(minutes=KEEP_MINUTES)


def make_inflow(settings: Settings, health: Health, parts: Parts) -> Inflow:
    """Build what reads Kafka."""
    changed: Callable[[], None] = lambda: parts.hub.publish(TOPIC, "visits")  # noqa: E731 - typed and used once
    inflow = Inflow(settings, "intake", parts.publisher, health)
    legs = ReturnLegs(parts.engine) if dialers_of(settings) else None
    routing = NoteRouting(Calls(parts.engine), Visits(parts.engine), changed, legs)
    consumers.register(inflow, routing, make_note_cases(settings, parts))
    return inflow


def make_background(settings: Settings, health: Health, parts: Parts, reconcile: Reconcile) -> Background:
    """Build the loops: the spool's relay, the mailboxes and their comparison, the platforms, the pruning."""
    background = Background(health)
    background.add("outbox", Relay(parts.engine, OUTBOX, parts.publisher).run)
    background.add("recordings", parts.recordings.run)
    background.add("places", parts.places.run)
    background.add("prune", _prune(settings, parts).run)
    background.add("prune_webhooks", Prune(((_WEBHOOKS, parts.webhook_ids.forget_before),), utc_now, every=300).run)
    add_call_loops(settings, health, parts, background)
    if parts.clamd:
        background.add("rescan", Rescan(parts.originals, parts.clamd, Unscanned(parts.engine), utc_now).run)
    if settings.qmatic_url:
        background.add("qmatic", _qmatic(settings, health, parts).run)
    if reconcile.mailboxes:
        background.add("reconcile", reconcile.run)
    for account in make_accounts(settings):
        name = f"mailbox:{account.label}" if account.label else "mailbox"
        background.add(name, make_poll(settings, health, parts, account).run)
    for name, run in make_platform_loops(settings, health, parts):
        background.add(name, run)
    return background


def _qmatic(settings: Settings, health: Health, parts: Parts) -> KeepQmatic:
    return KeepQmatic(
        orchestra=Orchestra(settings.qmatic_url, settings.qmatic_api_token),
        endpoint=f"{settings.outside}/webhooks/qmatic/{settings.qmatic_token.get_secret_value()}",
        branches=sorted(settings.qmatic_branches),
        follow=make_follow_qmatic(settings, parts),
        health=health,
        clock=utc_now,
        changed=lambda: parts.hub.publish(TOPIC, "visits"),
        every=settings.qmatic_minutes * 60,
    )


def _prune(settings: Settings, parts: Parts) -> Prune:
    kept = timedelta(days=settings.keep_seen_days)
    rules = (
        (timedelta(hours=24), Answers(parts.engine).forget_before),
        (kept, parts.seen.forget_before),
        (kept, Ledger(parts.engine).forget_before),
        (kept, ExchangeAnswers(parts.engine).forget_before),
        (kept, Visits(parts.engine).forget_before),
        (timedelta(days=settings.eplatform_keep_days), Instances(parts.engine).forget_before),
        (kept, QmaticVisits(parts.engine).forget_before),
        (timedelta(days=settings.unscanned_days), Unscanned(parts.engine).forget_before),
    )
    return Prune(rules, utc_now)
