"""Local facts of units as YAML: `params: [{unit, name, value, measure}]`."""

from collections.abc import Mapping

from services.casework.domain.local_facts import BadFactError, BadNameError, Measure, sound
from services.casework.usecases.files import LineError, RejectedFileError
from services.casework.usecases.files.nodes import read_document

_WORDS = {"unit", "name", "value", "measure"}

Facts = dict[str, dict[str, tuple[str, str]]]
"""Value and measure by the unit's id and the name."""


def read_params(data: bytes, units: Mapping[str, str]) -> Facts:
    """Return the facts of a file; RejectedFileError with everything that is wrong. `units` are ids by name."""
    document = read_document(data)
    listed = document.value.get("params") if isinstance(document.value, dict) else None
    if not isinstance(listed, list) or not listed:
        raise RejectedFileError([*document.errors, LineError(1, "Filen har ingen lista params.")])
    found: Facts = {}
    for index, raw in enumerate(listed):
        path = ("params", index)
        values = raw if isinstance(raw, dict) else {}
        for name in sorted(set(values) - _WORDS):
            document.wrong((*path, name), f"Okänt fält: {name}")
        unit, measure = units.get(str(values.get("unit", ""))), str(values.get("measure", Measure.TEXT.value))
        if unit is None:
            document.wrong((*path, "unit"), f"Verksamheten finns inte i katalogen: {values.get('unit') or 'saknas'}")
        if measure not in set(Measure):
            document.wrong((*path, "measure"), f"measure ska vara något av {', '.join(Measure)}, inte {measure}.")
        name = str(values.get("name", ""))
        if unit is not None and name in found.get(unit, {}):
            document.wrong((*path, "name"), f"{name} står två gånger för {values['unit']}.")
        try:
            plain, kind = sound(name, str(values.get("value", "")), measure)
        except (BadNameError, BadFactError) as error:
            document.wrong(path, error.title.format(**error.params))
            continue
        found.setdefault(unit or "", {})[name] = (plain, kind.value)
    if document.errors:
        raise RejectedFileError(document.errors)
    return found
