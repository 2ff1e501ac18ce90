"""Terms of units as YAML: a unit by name, its calendar, when it is delivered to, how it is reached."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.casework.domain.unit_terms import BadTermsError, terms_of
from services.casework.usecases.files.lists_yaml import Rows, accepted, listed
from services.casework.usecases.files.nodes import Document, Path
from shared.errors import FieldError

_MINUTES_OF_DAY = 24 * 60
_CLOCKS = ("calendar", "delivery_times")


def read_unit_terms(data: bytes, units: Mapping[str, str]) -> Rows:
    """Return terms as rows; `units` are ids by name. RejectedFileError with everything that is wrong."""
    document, entries = listed(data, "unit_terms")
    seen: set[str] = set()
    rows = []
    for index, raw in enumerate(entries):
        path: Path = ("unit_terms", index)
        if not isinstance(raw, dict):
            document.wrong(path, "Raden ska ha fält med namn.")
            continue
        name = str(raw.get("unit") or "")
        if name not in units:
            document.wrong((*path, "unit"), f"Verksamheten finns inte i katalogen: {name or 'saknas'}")
        if name in seen:
            document.wrong((*path, "unit"), f"{name} finns redan i filen.")
        seen.add(name)
        if (terms := _terms(document, path, raw, name)) is not None:
            rows.append({"unit": units.get(name, ""), **terms})
    return accepted(document, rows)


def _terms(document: Document, path: Path, raw: Mapping[str, Any], unit: str) -> dict[str, Any] | None:
    given = {name: _plain(value) if name in _CLOCKS else value for name, value in raw.items() if name != "unit"}
    try:
        return terms_of(given)
    except BadTermsError as error:
        for one in error.errors:
            document.wrong((*path, *_place(one)), f"{unit}: {one.pointer.strip('/')}: {one.detail}")
        return None


def _plain(value: object) -> object:
    """Return values as JSON has them: YAML reads `13:00` as a number of minutes and `2027-05-07` as a day."""
    match value:
        case dict():
            return {str(name): _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case bool():
            return value
        case int() if 0 <= value < _MINUTES_OF_DAY:
            return f"{value // 60:02}:{value % 60:02}"
        case date():
            return value.isoformat()
        case _:
            return value


def _place(error: FieldError) -> Path:
    return tuple(int(part) if part.isdecimal() else part for part in error.pointer.strip("/").split("/"))
