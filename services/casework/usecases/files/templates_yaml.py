"""Templates of replies as a YAML list."""

import re
from collections.abc import Mapping
from typing import Any

from services.casework.usecases.files.lists_yaml import Rows, accepted, listed
from services.casework.usecases.files.nodes import Document, Path
from shared.languages import WRITTEN

KINDS = ("reply", "sms", "receipt")
RECEIPT_FIELDS = frozenset({"{namn}", "{ärendenummer}", "{svar_senast}", "{enhet}", "{avsändare}"})
"""What a receipt can say: it goes out before anybody has read the contact."""
RECEIPT_MUST = ("{ärendenummer}", "{svar_senast}")
_BRACE = re.compile(r"\{[^{}\n]*\}|[{}]")
_FIELD = re.compile(r"\{[\w-]+\}")


def read_templates(data: bytes, units: Mapping[str, str], case_types: Mapping[str, str]) -> Rows:
    """Return templates as rows; `units` are ids by name, `case_types` by path. RejectedFileError with all errors.

    A template of no unit and no case type is for all of them; the unit of a case type need not be named.
    """
    document, entries = listed(data, "templates")
    seen: set[str] = set()
    rows = []
    for index, raw in enumerate(entries):
        path: Path = ("templates", index)
        if _whole(document, path, raw, seen):
            rows.append(_template(document, path, raw, units, case_types))
    return accepted(document, rows)


def _whole(document: Document, path: Path, raw: object, seen: set[str]) -> bool:
    if not isinstance(raw, dict):
        document.wrong(path, "Raden ska ha fält med namn.")
        return False
    missing = [name for name in ("id", "name", "body") if not isinstance(raw.get(name), str) or not raw[name].strip()]
    for name in missing:
        document.wrong(path, f"{name} saknas.")
    if str(raw.get("id")) in seen:
        document.wrong((*path, "id"), f"{raw['id']} finns redan.")
    seen.add(str(raw.get("id")))
    return not missing


def _template(
    document: Document, path: Path, raw: Mapping[str, Any], units: Mapping[str, str], case_types: Mapping[str, str]
) -> dict[str, Any]:
    kind, language = str(raw.get("kind") or "reply"), str(raw.get("language") or "sv")
    if kind not in KINDS:
        document.wrong((*path, "kind"), f"Okänt slag av mall: {kind}")
    if language not in WRITTEN:
        document.wrong((*path, "language"), f"Okänt språk: {language}")
    unit, case_type = raw.get("unit"), raw.get("case_type")
    if unit and unit not in units:
        document.wrong((*path, "unit"), f"Verksamheten finns inte i katalogen: {unit}")
    type_id = case_types.get(" | ".join(part.strip() for part in str(case_type).split("|"))) if case_type else None
    if case_type and type_id is None:
        document.wrong((*path, "case_type"), f"Okänd ärendetyp: {case_type}")
    for brace in _BRACE.findall(raw["body"]):
        if not _FIELD.fullmatch(brace):
            document.wrong((*path, "body"), f"Ett fält skrivs {{så_här}}: {brace}")
    if kind == "receipt":
        _receipt(document, path, raw["body"], typed=type_id is not None)
    return {
        **{name: str(raw.get(name) or "").strip() for name in ("id", "name", "subject", "body")},
        "kind": kind,
        "language": language,
        "unit": units.get(str(unit), "") if unit else None,
        "case_type": type_id,
        "deprecated": raw.get("deprecated") is True,
    }


def _receipt(document: Document, path: Path, body: str, *, typed: bool) -> None:
    if typed:
        document.wrong((*path, "case_type"), "Ett mottagningsbesked skickas innan ärendetypen är känd.")
    for name in dict.fromkeys(_FIELD.findall(body)):
        if name not in RECEIPT_FIELDS:
            document.wrong((*path, "body"), f"Fältet finns inte i ett mottagningsbesked: {name}")
    for name in RECEIPT_MUST:
        if name not in body:
            document.wrong((*path, "body"), f"Ett mottagningsbesked ska säga {name}.")
