"""What the doors of casework are given: its use cases, the key of a request, and what its maker has seen."""

import re
from typing import Annotated, cast

from fastapi import Depends, Header, Request
from pydantic import Field

from services.casework.usecases.casework import Casework
from shared.errors import FieldError
from shared.web.errors import InvalidError

_ENTITY_TAG = re.compile(r'(?:W/)?"(\d{1,18})"')


def casework(request: Request) -> Casework:
    """Return the use cases that `wiring` built."""
    return cast("Casework", request.app.state.casework)


House = Annotated[Casework, Depends(casework)]
RequestId = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
"""The same key on the same case does the same thing once."""
Version = Annotated[int | None, Field(ge=0, lt=2**62)]
"""The `version` of a case that was read before; refused (409) when somebody else has done something decisive since."""


def seen(if_match: Annotated[str | None, Header(max_length=200)] = None) -> int | None:
    """Return the version that `If-Match` names: its entity tag is the version in quotes; `*` is any."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ENTITY_TAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidError(errors=(FieldError("/if-match", "Värdet går inte att använda."),))
    return int(found[1])


Seen = Annotated[int | None, Depends(seen)]
"""What the caller has seen, by its header."""
