"""What has been taken over as YAML: case types (by unit, area, question) and entrances, with state and first day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.casework.usecases.files.lists_yaml import Rows, accepted, listed, strings
from services.casework.usecases.files.nodes import Document, Path
from shared.takeover import CASE_TYPE, ENTRANCE
from shared.vocabulary import Channel, TakenOver

_FIELDS = {"entrance", "unit", "area", "question", "channels", "state", "from", "before", "forward_to"}


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue holds: case types (id by path, unit first) and entrances (ids)."""

    case_types: Mapping[tuple[str, ...], str]
    entrances: frozenset[str]

    def among(self, unit: str, area: str, question: str) -> list[str]:
        """Return the case types of a unit; of one area or with one question if those are named."""
        middle = tuple(level.strip() for level in area.split(" / ") if level.strip())
        return [
            found
            for path, found in self.case_types.items()
            if path[0] == unit and (not area or path[1:-1] == middle) and question in ("", path[-1])
        ]


def read_takeovers(data: bytes, known: Known) -> Rows:
    """Return takeovers as rows, one per case type or entrance and channel; RejectedFileError if any is wrong."""
    document, entries = listed(data, "takeovers")
    rows: dict[str, dict[str, Any]] = {}
    for index, raw in enumerate(entries):
        path: Path = ("takeovers", index)
        if not isinstance(raw, dict):
            document.wrong(path, "Raden ska ha fält med namn.")
            continue
        for row in _rows(document, path, raw, known):
            if row["id"] in rows:
                document.wrong(path, f"Står redan i filen: {row['id']}")
            rows[row["id"]] = row
    return accepted(document, list(rows.values()))


def takeover_id(subject: str, subject_id: str, channel: str | None) -> str:
    """Return the id of the row that says how far something has moved in on a channel, or on all."""
    return f"{subject}:{subject_id}:{channel or '*'}"


def _rows(document: Document, path: Path, raw: Mapping[str, Any], known: Known) -> Rows:
    for name in raw.keys() - _FIELDS:
        document.wrong((*path, name), f"Okänt fält: {name}")
    state = _state(document, path, raw, "state", None)
    usual = TakenOver.TAKEN if state is TakenOver.NOT else TakenOver.NOT
    same = {
        "state": state,
        "from_day": _day(document, path, raw.get("from")),
        "before": _state(document, path, raw, "before", usual),
        "forward_to": str(raw.get("forward_to") or ""),
    }
    subject, ids = _subject(document, path, raw, known)
    return [
        {
            "id": takeover_id(subject, one, channel),
            "subject": subject,
            "subject_id": one,
            "channel": channel,
            **same,
        }
        for one in ids
        for channel in _channels(document, path, raw)
    ]


def _subject(document: Document, path: Path, raw: Mapping[str, Any], known: Known) -> tuple[str, Sequence[str]]:
    entrance, unit = str(raw.get("entrance") or ""), str(raw.get("unit") or "")
    if bool(entrance) is bool(unit):
        document.wrong(path, "Raden ska ha antingen entrance eller unit (med area och question för färre ärendetyper).")
        return "", []
    if entrance:
        if entrance not in known.entrances:
            document.wrong((*path, "entrance"), f"Ingången finns inte i katalogen: {entrance}")
        return ENTRANCE, [entrance]
    area, question = (str(raw.get(name) or "") for name in ("area", "question"))
    found = known.among(unit, area, question)
    if not found:
        name = "question" if question else "area" if area else "unit"
        document.wrong(
            (*path, name), f"Ingen ärendetyp i katalogen: {' / '.join(filter(None, (unit, area, question)))}"
        )
    return CASE_TYPE, found


def _channels(document: Document, path: Path, raw: Mapping[str, Any]) -> list[str | None]:
    channels = strings(document, path, raw, "channels")
    for channel in channels:
        if channel not in set(Channel):
            document.wrong((*path, "channels"), f"Okänd kanal: {channel}")
    return [*channels] or [None]


def _state(
    document: Document, path: Path, raw: Mapping[str, Any], name: str, otherwise: TakenOver | None
) -> TakenOver | None:
    value = raw.get(name)
    if value is None and otherwise is not None:
        return otherwise
    if value not in set(TakenOver):
        document.wrong((*path, name), f"{name} ska vara {', '.join(TakenOver)}.")
        return None
    return TakenOver(value)


def _day(document: Document, path: Path, value: object) -> str | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        document.wrong((*path, "from"), f"Ingen dag: {value} (2027-01-11)")
        return None
