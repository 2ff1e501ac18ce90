"""What the tests of pages share."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import expect

from shared.settings import ServiceSettings
from tests.support.desk import DeskHouse, desk_house


@pytest.fixture
def patience() -> Iterator[None]:
    """A machine that is busy with other tests is slow, not wrong."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
async def house(settings: ServiceSettings) -> AsyncIterator[DeskHouse]:
    """Casework's pages; a file whose house is another has a fixture of its own."""
    async with desk_house(settings) as found:
        yield found
