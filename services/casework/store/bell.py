"""The bell at the desks: every process hears, by PostgreSQL's NOTIFY, that something on an agent's desk has changed.

It rings with the commit of what it tells, whichever process made it; it carries an agent's id, or the id of
a contact whose citizen has left or that somebody has taken, and nothing else.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Heard = Callable[[str | None], None]
"""Told the agent's id; None when rings may have been missed and every desk should look."""

INCIDENTS = "~incidents"
"""What is rung in place of an agent when an incident or an alarm has changed: it stands at every desk."""
HELP = "~help"
"""What is rung in place of an agent when somebody asks for help, or does no longer: team leaders hear it."""
READING = "~reading:"
"""Before the id of a person who reads a case that somebody else opens now: her pages look who does."""
LEFT = "~left:"
"""Before the id of a contact whose citizen has left: an offer of it is withdrawn at whatever desk it stands."""
TAKEN = "~taken:"
"""Before the id of a contact and, after a bar, of the agent who has it now: no desk offers it any more."""
_CHANNEL = "casework_desks"
_CHECK_SECONDS = 5.0


async def ring(conn: AsyncConnection, agents: Iterable[str]) -> None:
    """Ring for these agents when the transaction is committed."""
    if wanted := sorted(set(agents)):
        sql = text("SELECT pg_notify(:channel, agent) FROM unnest(CAST(:agents AS text[])) AS agent")
        await conn.execute(sql, {"channel": _CHANNEL, "agents": wanted})


class Bell:
    """Listens for as long as `run` runs; a lost connection ends `run`, and the next one rings at every desk."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._listeners: list[Heard] = []

    def listen(self, heard: Heard) -> None:
        """Tell `heard` from now on."""
        self._listeners.append(heard)

    async def run(self) -> None:
        """Listen until cancelled; raises when the database is lost."""
        async with self._engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            try:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                await driver.add_listener(_CHANNEL, self._rung)
                self._say(None)
                while True:
                    await asyncio.sleep(_CHECK_SECONDS)
                    await connection.execute(text("SELECT 1"))
            finally:
                await connection.invalidate()

    def _rung(self, _connection: object, _pid: int, _channel: str, agent_id: str) -> None:
        self._say(agent_id)

    def _say(self, agent_id: str | None) -> None:
        for heard in self._listeners:
            heard(agent_id)
