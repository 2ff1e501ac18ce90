"""Fixtures of the real parts; mark tests that use them `integration`."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from xdist.scheduler import LoadScopeScheduling

from shared.settings import ServiceSettings
from tests.support import dovecot as dovecot_support
from tests.support import parts as support
from tests.support import postfix as postfix_support
from tests.support.dovecot import Dovecot
from tests.support.parts import MailServer, Parts
from tests.support.postfix import Postfix

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")  # a busy machine is slow, not wrong


class ByFile(LoadScopeScheduling):  # type: ignore[misc] # its base has no types
    """Files go to the workers as they stand; all that needs the whole stack goes to one, which starts it once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "tests/e2e" if file.startswith("tests/e2e/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Say who gets which tests when several workers run them (`make test`)."""
    return ByFile(config, log)


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    """The parts all tests of this run share, each started when first asked for."""
    backend = _backend()
    yield Parts(backend)
    backend.close()


def _backend() -> support.Backend:
    if support.BACKEND == "local":
        return support.Local()
    from tests.support.containers import Containers  # noqa: PLC0415 - only with an engine

    return Containers()


@pytest.fixture
def kafka_bootstrap(parts: Parts) -> str:
    return parts.kafka


@pytest.fixture
def mail_server(parts: Parts) -> MailServer:
    return parts.mail


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """The Dovecot that all tests of this run share; mark those that use it `needs_dovecot`."""
    with dovecot_support.dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """The Postfix before that Dovecot; mark those that use it `needs_postfix`."""
    with postfix_support.postfix(dovecot) as server:
        yield server


@pytest.fixture
def database_url(parts: Parts) -> Iterator[str]:
    """A PostgreSQL database of one's own, empty."""
    url = parts.new_database()
    yield url
    parts.drop_database(url)


@pytest.fixture
def redis_url(parts: Parts) -> str:
    """A Redis database of one's own, empty."""
    return parts.new_redis()


@pytest.fixture
def settings(parts: Parts, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[ServiceSettings]:
    """Settings of an installation of one's own on the shared parts; topics are made by `ensure_topics(settings)`."""
    name = f"t{secrets.token_hex(4)}"
    yield ServiceSettings(
        kafka=parts.kafka,
        topic_prefix=f"{name}.",
        postgres=database_url,
        redis=redis_url,
        domain=name,
        originals=f"file://{tmp_path / 'originals'}",
        originals_durable=False,
        log_format="console",
        drain_seconds=2,
    )
    parts.end_topics(f"{name}.")


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the test's own Redis database (the one in `settings`)."""
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on the test's own database (the one in `settings`)."""
    made = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    yield made
    await made.dispose()
