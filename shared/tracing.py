"""One trace through all events: the W3C `traceparent` of whoever caused a fact, carried in its headers."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

_SHAPE = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")


def current_traceparent() -> str | None:
    """Return the `traceparent` of the work in hand, or None outside of any trace."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def new_traceparent() -> str:
    """Return the `traceparent` of a new trace: what a door starts when its caller brought none."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def current_trace_id() -> str | None:
    """Return the 32 hex digits that logs name the trace by."""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else None


@contextmanager
def continued(traceparent: str | None) -> Iterator[None]:
    """Run a block as part of the trace that `traceparent` names; a malformed one is as if there were none."""
    match = _SHAPE.fullmatch(traceparent) if traceparent else None
    if match is None:
        yield
        return
    remote = SpanContext(
        int(match["trace"], 16), int(match["span"], 16), is_remote=True, trace_flags=TraceFlags(int(match["flags"], 16))
    )
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(remote)))
    try:
        yield
    finally:
        context.detach(token)
