"""One routing domain in Redis: its connections, its functions, and which generation of its state we know.

A server that is not the one we knew (restarted, failed over) may have forgotten what it had acknowledged. Every new
connection asks who is there before its first command; until the state is rebuilt, commands are refused.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.router.store.library import Library
from shared.errors import TransientError

log = structlog.get_logger(__name__)

Argument = str | bytes | int | float

ABSENT = (RedisError, OSError, TransientError)
"""What a loop meets while Redis or Kafka is away: it waits and goes on."""


def heed_cancellation() -> None:
    """Raise CancelledError in a task that was told to stop: call it once a round in loops that talk to Redis.

    redis-py sends under `asyncio.wait_for`, which before Python 3.12 can swallow a cancellation (python/cpython#86296).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class StaleError(TransientError):
    """The routing state is lost, or of another generation than we know; it is being rebuilt."""


class Domain:
    """The commands of one domain; every call carries the generation that we know."""

    def __init__(self, url: str, name: str, library: Library) -> None:
        self.tag = f"{{{name}}}"
        self.library = library
        self.lost = asyncio.Event()
        self.lost.set()
        self._ready = asyncio.Event()
        self._generation: int | None = None
        self._server: str | None = None
        self.highest = 0
        """The greatest generation that this process has known, also while none is."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=16,
            timeout=5,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 1),
            redis_connect_func=self._recognise,
        )
        self.redis = Redis.from_pool(pool)
        self.plain = Redis.from_url(url, socket_timeout=5, retry=Retry(NoBackoff(), 1))
        """For what must work while the state is lost: the relay and the rebuild."""

    @property
    def generation(self) -> int | None:
        """The generation that we know, None while the state is lost."""
        return self._generation

    def key(self, name: str) -> str:
        """Return a key of this domain."""
        return f"{self.tag}:{name}"

    async def call(self, function: str, *args: Argument) -> list[Any]:
        """Run one function; TransientError when Redis does not answer or the state is lost."""
        return (await self.call_many(function, [args]))[0]

    async def call_many(self, function: str, rows: Iterable[Sequence[Argument]]) -> list[list[Any]]:
        """Run one function for each row, in order, in one round trip."""
        if self._generation is None:
            raise StaleError("the routing state is being rebuilt")
        try:
            async with self.redis.pipeline(transaction=False) as pipe:
                for row in rows:
                    pipe.fcall(self.library.function(function), 1, self.tag, self._generation, *row)
                answers = await pipe.execute(raise_on_error=False)
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            raise TransientError(f"Redis: {type(error).__name__}") from error
        return [self._checked(answer) for answer in answers]

    async def still(self, generation: int | None) -> None:
        """Raise StaleError unless the store still has that generation."""
        try:
            found = await self.redis.hget(self.key("meta"), "gen")
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            raise TransientError(f"Redis: {type(error).__name__}") from error
        if generation is None or found != str(generation).encode():
            self.lose("generation")
            raise StaleError("the routing state was lost in the meantime")

    def adopt(self, generation: int, server: str) -> None:
        """Take this generation, on this server, as the one we know."""
        self._generation, self._server = generation, server
        self.highest = max(self.highest, generation)
        self.lost.clear()
        self._ready.set()

    async def found(self, within: float = 60) -> None:
        """Return when there is a generation to work on; TransientError after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                await self._ready.wait()
        except TimeoutError as error:
            raise TransientError("the routing state could not be rebuilt") from error

    def lose(self, why: str) -> None:
        """Refuse commands until a generation is adopted."""
        if self._generation is not None:
            log.warning("routing_state_lost", why=why, generation=self._generation)
        self._generation = None
        self._ready.clear()
        self.lost.set()

    async def server(self) -> str:
        """Return who is there: the server's run and its place in the line of replication."""
        return _server_of(await self.plain.info("server", "replication"))

    async def look(self) -> None:
        """Notice another server, or another generation, without a command having failed."""
        if self._generation is None:
            return
        if await self.server() != self._server:
            self.lose("server")
        elif await self.plain.hget(self.key("meta"), "gen") != str(self._generation).encode():
            self.lose("generation")

    async def load_functions(self) -> None:
        """Put the library on the server; it survives restarts with the data, or is loaded again."""
        await self.plain.function_load(self.library.source, replace=True)

    async def check(self) -> str | None:
        """Say whether Redis answers and the routing state is there (for `Health`)."""
        try:
            await self.plain.ping()
        except (RedisError, OSError) as error:
            return f"Redis: {type(error).__name__}"
        return None if self._generation is not None else "the routing state is being rebuilt"

    async def close(self) -> None:
        """Disconnect."""
        await self.redis.aclose()
        await self.redis.connection_pool.disconnect()
        await self.plain.aclose()

    def _checked(self, answer: Any) -> list[Any]:
        if isinstance(answer, ResponseError):
            text = str(answer)
            if text.startswith("STALE") or "unction not found" in text:
                self.lose(text.split(" ", 1)[0])
                raise StaleError(text)
        if isinstance(answer, RedisConnectionError | RedisTimeoutError):
            raise TransientError(f"Redis: {type(answer).__name__}")
        if isinstance(answer, Exception):
            raise answer
        found: list[Any] = answer
        return found

    async def _recognise(self, connection: Any) -> None:
        await connection.on_connect()
        await connection.send_command("INFO", "server", "replication")
        server = _server_of(await connection.read_response())
        if self._server is not None and server != self._server:
            self.lose("server")
            raise RedisConnectionError("another server answers")


def _server_of(info: Any) -> str:
    if isinstance(info, dict):
        return f"{info['run_id']}:{info['master_replid']}"
    text = info.decode() if isinstance(info, bytes) else str(info)
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return f"{lines['run_id']}:{lines['master_replid']}"
