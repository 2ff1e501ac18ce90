"""What the doors refuse is counted, and logged without anything that the caller wrote."""

import time

import structlog

from shared import metrics

LOG_SECONDS = 10.0
"""How seldom the same refusal is logged: a flood of callers must not become a flood of lines."""
_log = structlog.get_logger(__name__)
_logged: dict[tuple[str, str], float] = {}


def refused(door: str, reason: str) -> None:
    """Count a refusal; both are words of ours (`forms`, `signature`), never the caller's."""
    metrics.REFUSED.labels(door, reason).inc()
    now = time.monotonic()
    last = _logged.get((door, reason))
    if last is None or now - last >= LOG_SECONDS:
        _logged[door, reason] = now
        _log.warning("door_refused", door=door, reason=reason)
