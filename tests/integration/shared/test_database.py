"""PostgreSQL behind deadlines, and migrations that keep to their own schema."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.database import Postgres
from deploy.local.part import free_ports
from deploy.local.running import started
from shared.database import check, downgrade, make_engine, transient, upgrade
from shared.received import is_transient
from shared.settings import ServiceSettings

pytestmark = pytest.mark.integration

FIRST = """
from alembic import op
import sqlalchemy as sa
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
def upgrade():
    op.create_table("thing", sa.Column("id", sa.Integer, primary_key=True))
def downgrade():
    op.drop_table("thing")
"""
SECOND = FIRST.replace('"0001"', '"0002"').replace("None\nbranch", '"0001"\nbranch').replace('"thing"', '"other"')


@pytest.fixture
async def office(settings: ServiceSettings) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(settings, "office", pool=2)
    yield engine
    await engine.dispose()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service's package with two migrations."""
    versions = tmp_path / "towns" / "office" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_thing.py").write_text(FIRST)
    (versions / "0002_other.py").write_text(SECOND)
    monkeypatch.syspath_prepend(tmp_path)
    yield "towns.office.migrations"
    for name in [name for name in sys.modules if name.startswith("towns")]:
        del sys.modules[name]


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        question = "SELECT table_schema || '.' || table_name FROM information_schema.tables"
        rows = connection.execute(f"{question} WHERE table_schema NOT IN ('pg_catalog', 'information_schema')")
        return {row[0] for row in rows}


def test_a_service_is_migrated_in_its_own_schema_and_again_changes_nothing(database_url: str, package: str) -> None:
    for _ in range(2):
        upgrade(database_url, package)
    assert tables(database_url) == {"office.thing", "office.other", "office.alembic_version"}
    downgrade(database_url, package, "0001")
    assert "office.other" not in tables(database_url)
    upgrade(database_url, "towns.office")
    assert "office.other" in tables(database_url)


def test_two_migrators_at_once_do_not_collide(database_url: str, package: str, tmp_path: Path) -> None:
    code = f"from shared.database import upgrade; upgrade({database_url!r}, {package!r})"
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path.cwd()}"}
    migrators = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(2)]
    assert [migrator.wait(30) for migrator in migrators] == [0, 0]
    assert "office.other" in tables(database_url)


def test_a_package_without_migrations_says_so(database_url: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        upgrade(database_url, "shared.nowhere")


async def test_the_engine_looks_into_its_schema_first(office: AsyncEngine) -> None:
    async with office.begin() as connection:
        await connection.execute(text("CREATE SCHEMA office"))
        await connection.execute(text("CREATE TABLE thing (id int)"))
        assert await connection.scalar(text("SELECT 'office.thing'::regclass::text")) == "thing"
    assert await check(office)() is None


async def test_a_database_whose_crash_takes_numbers_back_is_not_ready(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    part = Postgres(free_ports(1)[0], tmp_path / "postgres", durable=False, options={"wal_level": "minimal"})
    with started(part, tmp_path / "postgres.log"):
        engine = make_engine(settings.model_copy(update={"postgres": part.url()}), "office")
        assert "wal_level is minimal" in str(await check(engine)())
        await engine.dispose()


async def test_a_statement_and_a_lock_that_take_too_long_are_cut_and_pass_as_transient(office: AsyncEngine) -> None:
    async with office.begin() as connection:
        await connection.execute(text("SET LOCAL statement_timeout = 50"))
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(text("SELECT pg_sleep(5)"))
    assert transient(caught.value)
    async with office.connect() as connection:
        shown = [await connection.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "lock_timeout")]
    assert shown == ["15s", "10s"]


async def test_a_broken_rule_of_the_database_is_not_transient_and_shows_no_values(office: AsyncEngine) -> None:
    async with office.begin() as connection:
        await connection.execute(text("CREATE TEMP TABLE person (name text CHECK (name <> 'Anna'))"))
        with pytest.raises(IntegrityError) as caught:
            await connection.execute(text("INSERT INTO person VALUES (:name)"), {"name": "Anna"})
    assert not is_transient(caught.value)
    assert "parameters" in str(caught.value)
    assert "{'name'" not in str(caught.value)


async def test_a_full_pool_and_a_database_that_is_away_are_transient(
    office: AsyncEngine, settings: ServiceSettings
) -> None:
    office.pool._timeout = 0.1  # type: ignore[attr-defined] # SQLAlchemy's pool of a certain kind
    async with office.connect(), office.connect():
        with pytest.raises(PoolTimeoutError) as full:
            await office.connect()
    assert is_transient(full.value)
    away = make_engine(settings.model_copy(update={"postgres": "postgresql://postgres@127.0.0.1:1/x"}), "office")
    with pytest.raises((OSError, SQLAlchemyError)) as refused:
        async with away.connect():
            pass
    assert is_transient(refused.value)


async def test_a_connection_that_is_cut_is_transient_and_the_next_is_a_new_one(
    office: AsyncEngine, database_url: str
) -> None:
    async with office.connect() as connection:
        await connection.execute(text("SELECT 1"))
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(DBAPIError) as cut:
            await connection.execute(text("SELECT 1"))
    assert is_transient(cut.value)
    async with office.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
