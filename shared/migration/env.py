"""How migrations run, for every service: in its own schema, one at a time, giving up rather than blocking others."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool


def run() -> None:
    """Apply the migrations in one transaction, under a lock that a second migrator waits for."""
    schema: str = context.config.attributes["schema"]
    engine = create_engine(context.config.attributes["url"], poolclass=NullPool, hide_parameters=True)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '30s'"))
        connection.execute(text("SET LOCAL statement_timeout = '300s'"))
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"migrate.{schema}"}
        )
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        connection.execute(text(f'SET LOCAL search_path = "{schema}", public'))
        context.configure(connection=connection, version_table_schema=schema, include_schemas=True)
        context.run_migrations()
    engine.dispose()


run()
