"""Exercises (*övningskontakter*) as YAML: `exercises: [{id, channel, name, text, case_type, end, answers}]`."""

import re
from collections.abc import Mapping
from typing import Any

from services.casework.store.sql import Row
from services.casework.usecases.files.lists_yaml import Rows, accepted, listed, required, strings
from services.casework.usecases.files.nodes import Document, Path
from shared.vocabulary import Channel, Outcome

_NEEDED = ("id", "channel", "name", "text", "case_type", "end", "kind")
_WORDS = frozenset({*_NEEDED, "phone", "email", "subject", "answers", "lesson"})
_CHANNELS = frozenset({Channel.PHONE, Channel.EMAIL, Channel.VISIT, Channel.E_SERVICE})
_KINDS = frozenset({Outcome.CLOSE, Outcome.HANDOVER})
_ID = re.compile(r"[a-z0-9-]{1,80}")
_LONGEST = 4_000


def read_exercises(data: bytes, case_types: Mapping[str, Row]) -> Rows:
    """Return exercises as rows; `case_types` by path. RejectedFileError with everything that is wrong."""
    document, entries = listed(data, "exercises")
    seen: set[str] = set()
    rows = []
    for index, raw in enumerate(entries):
        path: Path = ("exercises", index)
        if required(document, path, raw, _NEEDED, seen):
            rows.append(_exercise(document, path, raw, case_types))
    return accepted(document, rows)


def _exercise(document: Document, path: Path, raw: Mapping[str, Any], case_types: Mapping[str, Row]) -> dict[str, Any]:
    for name in sorted(set(raw) - _WORDS):
        document.wrong((*path, name), f"Okänt fält: {name}")
    if not _ID.fullmatch(str(raw["id"])):
        document.wrong((*path, "id"), "id ska vara små bokstäver, siffror och bindestreck.")
    for name, allowed in (("channel", _CHANNELS), ("kind", _KINDS)):
        if raw[name] not in allowed:
            document.wrong((*path, name), f"{name} ska vara något av {', '.join(sorted(allowed))}, inte {raw[name]}.")
    if len(str(raw["text"])) > _LONGEST:
        document.wrong((*path, "text"), "Texten är för lång.")
    found = case_types.get(str(raw["case_type"]))
    if found is None:
        document.wrong((*path, "case_type"), f"Ärendetypen finns inte i katalogen: {raw['case_type']}")
    texts = ("phone", "email", "subject", "lesson")
    return {
        **{name: str(raw[name]) for name in ("id", "channel", "name", "kind")},
        **{name: str(raw.get(name) or "") for name in texts},
        "body": str(raw["text"]).strip(),
        "good_end": str(raw["end"]),
        "answers": strings(document, path, raw, "answers"),
        "case_type": found["id"] if found else "",
        "unit": found["unit"] if found else "",
        "active": True,
    }
