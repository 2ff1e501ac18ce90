"""What the tests of pages share."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect


@pytest.fixture
def patience() -> Iterator[None]:
    """A machine that is busy with other tests is slow, not wrong."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)
