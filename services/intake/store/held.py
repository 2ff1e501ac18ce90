"""One connection of the driver, held for the statements of a hot path: no pool, no ping, no transaction around."""

import asyncio
from typing import Any

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.errors import TransientError

DEADLINE = 5.0


class Held:
    """A held connection, opened when it is needed; each statement is its own transaction.

    `durable` False: what is lost with the server's last moment is made again by whoever asks next.
    """

    def __init__(self, engine: AsyncEngine, *, durable: bool) -> None:
        self._engine = engine
        self._durable = durable
        self._held: AsyncConnection | None = None
        self._driver: Any = None
        self._line = asyncio.Lock()

    async def query(self, statement: str, *values: object) -> list[Any]:
        """Return the rows of a statement; a database that does not answer is a TransientError."""
        try:
            async with self._line, asyncio.timeout(DEADLINE):
                driver = self._driver or await self._connect()
                return list(await driver.fetch(statement, *values))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, OSError, TimeoutError) as error:
            await self.let_go()
            raise TransientError(f"database: {type(error).__name__}") from error

    async def let_go(self) -> None:
        """Close the connection; the next statement opens another."""
        held, self._held, self._driver = self._held, None, None
        if held is not None:
            await held.invalidate()
            await held.close()

    async def _connect(self) -> Any:
        plain = await self._engine.connect()
        self._held = await plain.execution_options(isolation_level="AUTOCOMMIT")
        self._driver = (await self._held.get_raw_connection()).driver_connection
        if not self._durable:
            await self._driver.execute("SET synchronous_commit = off")
        return self._driver
