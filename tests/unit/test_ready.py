"""Every service says at /health/ready which of its parts is missing: here none of them answers."""

from collections.abc import Callable
from typing import Any

import pytest

from services.casework import wiring as casework
from services.casework.settings import Settings as CaseworkSettings
from services.intake.settings import Settings as IntakeSettings
from services.intake.wiring import loops, mail
from services.intake.wiring.parts import make_parts, watch
from services.router import wiring as router
from services.router.settings import Settings as RouterSettings
from services.router.usecases.teach import Taught
from services.stats import wiring as stats
from services.stats.settings import Settings as StatsSettings
from shared.database import make_engine
from shared.health import Health

NOWHERE: dict[str, Any] = {
    "kafka": "127.0.0.1:1",
    "postgres": "postgresql://nobody@127.0.0.1:1/nothing",
    "redis": "redis://127.0.0.1:1/0",
}


def intake_asks(health: Health) -> None:
    settings = IntakeSettings(**NOWHERE, imap_host="127.0.0.1")
    parts = make_parts(settings)
    watch(health, parts)
    loops.make_background(settings, health, parts, mail.make_reconcile(settings, parts))


def router_asks(health: Health) -> None:
    settings = RouterSettings(**NOWHERE)
    store, tables = router.make_store(settings), router.make_tables(settings)
    router.make_running(settings, health, store, tables, Taught(), router.make_orders(settings, store, tables))


def casework_asks(health: Health) -> None:
    casework.assemble(CaseworkSettings(**NOWHERE), health)


def stats_asks(health: Health) -> None:
    settings = StatsSettings(**NOWHERE)
    engine = make_engine(settings, "stats")
    reading = stats.make_reading(settings, engine, stats.make_names(settings))
    stats.make_running(settings, engine, health, reading, cluster="c")


@pytest.mark.parametrize(
    ("asks", "parts"),
    [
        (intake_asks, {"kafka", "postgres", "catalogue", "agents", "rules", "imap"}),
        (router_asks, {"kafka", "redis", "catalogue", "agents", "rules"}),
        (casework_asks, {"kafka", "postgres"}),
        (stats_asks, {"kafka", "postgres", "catalogue", "agents"}),
    ],
)
async def test_each_part_that_does_not_answer_is_named(asks: Callable[[Health], Any], parts: set[str]) -> None:
    health = Health()
    asks(health)
    assert set(await health.failing()) == parts
