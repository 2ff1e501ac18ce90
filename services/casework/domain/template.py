"""Templates of replies: fields in braces are filled in, and what is not known stays as a blank that one sees."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.casework.domain.outgoing import BlankFieldsError
from shared.errors import FieldError

_FIELD = re.compile(r"\{([\w-]+)\}")
_BLANK = re.compile(r"\[fyll i: ([^\]\n]{1,80})\]")


def fields(body: str) -> tuple[str, ...]:
    """Return the names of the fields, in order, each once."""
    return tuple(dict.fromkeys(_FIELD.findall(body)))


def fill(body: str, values: Mapping[str, str]) -> str:
    """Return the text with its fields filled in; one that is unknown or empty becomes a marked blank."""
    return _FIELD.sub(lambda match: values.get(match[1], "").strip() or blank(match[1]), body)


def blank(name: str) -> str:
    """Return the mark of a field that somebody has to fill in."""
    return f"[fyll i: {name.replace('_', ' ')}]"


def blanks(text: str) -> tuple[str, ...]:
    """Return what is still to be filled in, in order, each once."""
    return tuple(dict.fromkeys(_BLANK.findall(text)))


def refuse_blanks(text: str) -> None:
    """Raise BlankFieldsError while a field is not filled in."""
    left = blanks(text)
    if left:
        beside = FieldError("/text", BlankFieldsError.title)
        raise BlankFieldsError(errors=[beside], fields=", ".join(left))


def most_specific(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return templates so that the narrowest stand first: a case type's, a unit's, everybody's; then by name."""
    return sorted(rows, key=lambda row: (not row["case_type"], not row["unit"], row["name"].casefold(), row["id"]))
