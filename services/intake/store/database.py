"""Errors of the database in our words: what passes by itself is transient."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.database import transient
from shared.errors import TransientError


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that commits at the end; a database that does not answer is a TransientError."""
    try:
        async with engine.begin() as connection:
            yield connection
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        if transient(error):
            raise TransientError(f"database: {type(error).__name__}") from error
        raise


@asynccontextmanager
async def statement(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a connection whose every statement is a transaction of its own: three exchanges fewer for one of them."""
    try:
        async with engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        if transient(error):
            raise TransientError(f"database: {type(error).__name__}") from error
        raise
