"""The migrations make exactly the tables that the code speaks of, there and back again."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from services.casework.store.tables import metadata
from shared.database import downgrade, upgrade

pytestmark = pytest.mark.integration
PACKAGE = "services.casework.migrations"


def test_the_tables_are_those_of_the_code_and_can_be_taken_back(database_url: str):
    upgrade(database_url, PACKAGE)
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    options = {"include_schemas": True, "include_object": lambda _o, name, _k, *_: name != "alembic_version"}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={**options, "version_table_schema": "casework"})
        found = list(compare_metadata(context, metadata))
        assert connection.scalar(text("SELECT casework.next_case_number(2031)")) == "KC-2031-000001"
        connection.execute(text("SELECT setval('casework.case_numbers_2031', 999999)"))
        assert connection.scalar(text("SELECT casework.next_case_number(2031)")) == "KC-2031-1000000"
        connection.commit()
    assert found == []
    downgrade(database_url, PACKAGE, "base")
    upgrade(database_url, PACKAGE)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT casework.next_case_number(2031)")) == "KC-2031-000001"
    engine.dispose()
