"""Logs: static English event names with ids, one JSON object a line or coloured for people; no personal data."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

from shared.errors import KontaktcenterError
from shared.settings import ServiceSettings
from shared.tracing import current_trace_id

_QUIET = ("aiokafka", "kafka", "faststream", "httpx", "httpcore", "uvicorn.access", "sqlalchemy", "asyncio", "alembic")
"""Libraries that log keys, addresses or every message below WARNING."""
_SILENT = ("flufl.bounce",)
"""Libraries that log what they raise, with lines of a mail; whoever calls them sees the error."""


def _trace(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    trace_id = current_trace_id()
    if trace_id is not None:
        event.setdefault("trace", trace_id)
    return event


def _exception(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say of an exception its kinds and places; only errors of our own speak, others could quote what was read."""
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else (info[1] if isinstance(info, tuple) else sys.exc_info()[1])
    if info and error is not None:
        event["exception"] = "\n".join(_told(error))
    return event


def _told(error: BaseException) -> list[str]:
    """Return the lines of an error and of what led to it, the first cause first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    name = type(error).__qualname__
    said = f"{name}: {error}" if isinstance(error, KontaktcenterError) else name
    frames = [line.rstrip("\n") for line in traceback.format_tb(error.__traceback__)]
    return [*(_told(before) if before is not None else ()), *frames, said]


def _json(value: object, **_: object) -> str:
    return orjson.dumps(value, default=str).decode()


def configure(settings: ServiceSettings) -> None:
    """Send structlog's and the standard library's logs to standard error in the format of the settings."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
    ]
    last: list[Processor]
    if settings.log_format == "json":
        last = [_exception, structlog.processors.JSONRenderer(serializer=_json)]
    else:
        plain = structlog.dev.plain_traceback  # the rich one shows every local variable, personal data too
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    _standard_library(settings.log_level, before, last)


class _ToStderr(logging.StreamHandler[TextIO]):
    """Writes to what is stderr when something is said: the one of before may be closed (a test's, a daemon's)."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)


def _standard_library(level: str, before: list[Processor], last: list[Processor]) -> None:
    handler = _ToStderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
