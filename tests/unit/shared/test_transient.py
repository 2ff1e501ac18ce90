"""Which faults pass by themselves."""

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from redis.exceptions import BusyLoadingError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.errors import ConflictError, LogUnavailableError, PermanentError, TransientError
from shared.received import is_transient


@pytest.mark.parametrize(
    "error",
    [
        TransientError("x"),
        LogUnavailableError("x"),
        ConnectionRefusedError(),
        TimeoutError(),
        KafkaConnectionError("x"),
        RedisConnectionError("x"),
        BusyLoadingError("x"),
        PoolTimeoutError(),
        OperationalError("x", None, Exception()),
        InterfaceError("x", None, Exception()),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.SerializationError("x"),
        asyncpg.DeadlockDetectedError("x"),
        asyncpg.ConnectionDoesNotExistError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_part_raises_when_it_is_away_or_busy_passes(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        PermanentError("x"),
        ConflictError("x"),
        ValueError("x"),
        ResponseError("wrong type"),
        asyncpg.UniqueViolationError("x"),
        asyncpg.UndefinedTableError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_breaks_a_rule_or_is_a_bug_does_not(error: Exception) -> None:
    assert not is_transient(error)
