"""The collector leaves alone what lives for ever."""

import gc
from collections.abc import Iterator

import pytest

from shared.consume import tune_gc


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_loaded_is_frozen_and_collections_are_rare() -> None:
    tune_gc()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold()[0] == 20_000
