"""An installation's stats schema on the shared PostgreSQL, and events to fold into it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stats.store.facts import FactStore
from services.stats.usecases.fold import Fold
from shared.calendar import WorkingCalendar
from shared.database import make_engine
from tests.support.templates import migrated


@pytest.fixture
async def stats_engine(settings) -> AsyncIterator[AsyncEngine]:
    migrated(settings.postgres, "services.stats.migrations")
    made = make_engine(settings, "stats")
    yield made
    await made.dispose()


@pytest.fixture
def store(stats_engine) -> FactStore:
    return FactStore(stats_engine, "cluster-a")


@pytest.fixture
def fold(store) -> Fold:
    return Fold(store, WorkingCalendar().working_days_between, lambda: None)
