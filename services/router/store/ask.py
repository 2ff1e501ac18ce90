"""Reading from Redis: whatever goes wrong on the way is transient."""

from typing import Any

from redis.exceptions import RedisError

from shared.errors import TransientError


async def asked(pipe: Any) -> list[Any]:
    """Return the answers of a pipeline."""
    answers: list[Any] = await one(pipe.execute())
    return answers


async def one(question: Any) -> Any:
    """Return the answer to one command."""
    try:
        return await question
    except (RedisError, OSError) as error:
        raise TransientError(f"Redis: {type(error).__name__}") from error
