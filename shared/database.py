"""PostgreSQL: one engine a service with deadlines on everything, and the migrations of its schema."""

import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.health import Check
from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from alembic.config import Config

_ALEMBIC = threading.Lock()
"""Alembic keeps its context in module globals: one migration at a time in a process."""

_PASSING = {"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "53300", "25006"}
"""SQLSTATEs that pass: serialization, deadlock, lock and statement timeouts, shutdown, too many connections."""


def make_engine(settings: ServiceSettings, schema: str, *, pool: int = 10) -> AsyncEngine:
    """Return the engine of a service: its schema first in the search path, and no wait without an end.

    Connect 5 s, statement 15 s, lock 10 s, a free connection 5 s. Errors never show parameters.
    """
    return create_async_engine(
        async_url(settings.postgres),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "timeout": 5,
            "server_settings": {
                "search_path": f"{schema}, public",
                "application_name": f"kontaktcenter {schema}",
                "statement_timeout": "15000",
                "lock_timeout": "10000",
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
            },
        },
    )


def async_url(url: str) -> URL:
    """Return a plain PostgreSQL URL with the asynchronous driver."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def transient(error: BaseException) -> bool:
    """Say whether a database error passes by itself: a lost connection, a deadlock, a timeout, a full pool.

    The driver's own errors count too: while a server starts, SQLAlchemy does not wrap what it says.
    """
    if isinstance(error, PoolTimeoutError | OSError | TimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    if state is not None:
        return state in _PASSING or str(state).startswith("08")
    return isinstance(error, InterfaceError | OperationalError)


def unusable(error: BaseException) -> bool:
    """Say whether the database refused a value itself (SQLSTATE class 22: a NUL, a number or date out of range)."""
    state = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    return str(state or "").startswith("22")


def check(engine: AsyncEngine) -> Check:
    """Return the health check of a database: it answers, and a crash of it takes no number back.

    Under `wal_level` minimal a sequence made and used in one transaction starts over after a crash (seen on 18).
    """

    async def ask() -> str | None:
        async with engine.connect() as connection:
            level = await connection.scalar(text("SELECT current_setting('wal_level')"))
        return "wal_level is minimal: a crash may draw a case number twice; set replica" if level == "minimal" else None

    return ask


def upgrade(url: str, package: str, revision: str = "head") -> None:
    """Bring a service's schema up to date: `package` is `services.<name>.migrations`, its scripts in `versions/`.

    The version table lies in the service's own schema, so that services never wait for each other.
    """
    from alembic import command  # noqa: PLC0415 - 11 MB that a service which serves never needs

    with _ALEMBIC:
        command.upgrade(_config(url, package), revision)


def downgrade(url: str, package: str, revision: str) -> None:
    """Take a service's schema back to a revision (`base` removes everything)."""
    from alembic import command  # noqa: PLC0415 - the same

    with _ALEMBIC:
        command.downgrade(_config(url, package), revision)


def _config(url: str, package: str) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - the same

    name = package if package.endswith(".migrations") else f"{package}.migrations"
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migration"))
    config.set_main_option("version_locations", str(_folder(name) / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = make_url(url).set(drivername="postgresql+psycopg")
    config.attributes["schema"] = name.split(".")[-2]
    return config


def _folder(package: str) -> Path:
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise ModuleNotFoundError(f"no package {package}")
    return Path(places[0])
