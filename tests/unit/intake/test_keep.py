"""Originals are stored together: what hangs holds no memory once one of them could not be stored."""

import asyncio

import pytest

from services.intake.usecases.keep import Kept, keep
from shared.errors import TransientError


class AwayError(TransientError):
    """The store is away."""


class Hanging:
    """A store that refuses one key and hangs on every other."""

    def __init__(self) -> None:
        self.held: set[str] = set()

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        del data, content_type
        if key == "refused":
            await asyncio.sleep(0)
            raise AwayError
        self.held.add(key)
        try:
            await asyncio.Event().wait()
        finally:
            self.held.discard(key)


async def test_when_one_original_cannot_be_stored_the_rest_is_given_up_at_once():
    store = Hanging()
    with pytest.raises(AwayError):
        await keep(store, [Kept(key, b"bytes", "message/rfc822") for key in ("a", "refused", "b")])
    assert store.held == set()
