from collections.abc import AsyncIterator
from secrets import token_hex

import pytest

from services.router.settings import Settings
from tests.integration.router.support import Desk, open_desk


@pytest.fixture
def router_settings(redis_url: str) -> Settings:
    """Settings of a router of one's own, without Kafka and PostgreSQL."""
    return Settings(redis=redis_url, domain=f"t{token_hex(4)}")


@pytest.fixture
async def desk(router_settings: Settings) -> AsyncIterator[Desk]:
    """A domain on the real server; whatever a test does with it, the reconciler finds nothing at its end."""
    async with open_desk(router_settings) as made:
        yield made
        found = await made.drift()
        assert made.tampered or not found.wrong, found.named
