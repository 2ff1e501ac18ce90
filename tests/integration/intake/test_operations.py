"""What the operator sees and does."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from services.intake.store.tables import METADATA
from shared.clock import utc_now
from shared.database import downgrade
from shared.events import OfferAccepted
from shared.ids import new_id
from shared.publish import Message
from shared.settings import ServiceSettings
from shared.topics import ROUTING
from tests.integration.intake.doors import BEARER, Intake
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


async def test_it_is_ready_and_says_what_fails(intake: Intake) -> None:
    await eventually(lambda: _ready(intake), timeout=15)


async def _ready(intake: Intake) -> bool:
    return (await intake.client.get("/health/ready")).status_code == 200


async def test_a_record_that_cannot_be_read_is_shown_to_the_operator_and_discarded(intake: Intake) -> None:
    bad = Message(ROUTING, "k", OfferAccepted.event_type, new_id(), b"{broken", utc_now())
    await intake.tell(bad)
    page = await eventually(lambda: _dead(intake), timeout=15)
    letter = page.partition("/ops/dead/")[2].partition("/discard")[0].split("/retry")[0]
    done = await intake.client.post(f"/ops/dead/{letter}/discard", headers=BEARER)
    assert done.status_code == 303
    assert "Inga döda poster" in (await intake.client.get("/ops/dead", headers=BEARER)).text
    assert (await intake.client.get("/ops/dead")).status_code == 401


async def _dead(intake: Intake) -> str:
    text = (await intake.client.get("/ops/dead", headers=BEARER)).text
    return text if "/discard" in text else ""


async def test_the_tables_are_those_of_the_code_and_can_be_taken_away(settings: ServiceSettings) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    engine = create_engine(settings.postgres.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        options = {"include_schemas": True, "version_table_schema": "intake"}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    engine.dispose()
    assert differences == []
    downgrade(settings.postgres, "services.intake.migrations", "base")
