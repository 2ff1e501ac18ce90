"""What the use cases publish by: the log, and what runs a contact's publication once."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from shared.publish import Message


class Log(Protocol):
    """Where events are published."""

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None: ...  # noqa: ASYNC109 - as Publisher's


class Once(Protocol):
    """What runs a contact's publication once."""

    async def once(self, contact_id: str, publish: Callable[[], Awaitable[None]]) -> bool: ...
