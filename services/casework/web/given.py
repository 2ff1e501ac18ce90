"""What the doors of casework are given: its use cases, and the idempotency key of a request."""

from typing import Annotated, cast

from fastapi import Depends, Header, Request

from services.casework.usecases.casework import Casework


def casework(request: Request) -> Casework:
    """Return the use cases that `wiring` built."""
    return cast("Casework", request.app.state.casework)


House = Annotated[Casework, Depends(casework)]
RequestId = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
"""The same key on the same case does the same thing once."""
