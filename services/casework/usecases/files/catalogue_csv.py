"""The catalogue as CSV: `unit,area,question,typical_outcome,share_hint` and, if known, `handover_address`."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from services.casework.usecases.files import LineError, RejectedFileError
from shared.ids import case_type_id
from shared.vocabulary import Outcome

COLUMNS = ("unit", "area", "question", "typical_outcome", "share_hint")
LEVELS = range(2, 6)


@dataclass(frozen=True, slots=True)
class CaseTypeLine:
    """A line of the catalogue; the area's levels are separated by ` / `."""

    unit: str
    area: str
    question: str
    typical_outcome: str
    share: float
    handover_address: str = ""

    @property
    def id(self) -> str:
        """The id that the path gives."""
        return case_type_id(" | ".join(part for part in (self.unit, self.area, self.question) if part))

    @property
    def path(self) -> tuple[str, ...]:
        """Unit first, question last."""
        middle = [level.strip() for level in self.area.split(" / ") if level.strip()]
        return (self.unit, *middle, self.question)


def read_catalogue(data: bytes) -> list[CaseTypeLine]:
    """Return the lines of a catalogue; RejectedFileError with everything that is wrong."""
    reader = csv.DictReader(io.StringIO(_text(data)), strict=True)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise RejectedFileError([LineError(1, f"Kolumnen {name} saknas.") for name in missing])
    lines: dict[str, CaseTypeLine] = {}
    errors: list[LineError] = []
    try:
        for row in reader:
            _take(row, reader.line_num, lines, errors)
    except csv.Error as error:
        errors.append(LineError(reader.reader.line_num, f"Raden går inte att läsa: {error}"))
    if not lines and not errors:
        errors.append(LineError(1, "Filen är tom."))
    if errors:
        raise RejectedFileError(errors)
    return list(lines.values())


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RejectedFileError([LineError(line, "Filen är inte UTF-8.")]) from error


def _take(row: Mapping[str, str | None], number: int, lines: dict[str, CaseTypeLine], errors: list[LineError]) -> None:
    wrong = list(_wrong(row))
    if wrong:
        errors.extend(LineError(number, text) for text in wrong)
        return
    values = {name: (row.get(name) or "").strip() for name in (*COLUMNS, "handover_address")}
    share = float(values.pop("share_hint") or 0)
    line = CaseTypeLine(share=share, **values)
    if line.id in lines:
        errors.append(LineError(number, f"Ärendetypen finns redan i filen: {' | '.join(line.path)}"))
    elif len(line.path) not in LEVELS:
        errors.append(LineError(number, "En ärendetyp har två till fem nivåer."))
    lines.setdefault(line.id, line)


def _wrong(row: Mapping[str, str | None]) -> list[str]:
    if None in row or None in row.values():
        return ["Fel antal kolumner."]
    found = [f"{name} är tomt." for name in ("unit", "question") if not (row[name] or "").strip()]
    outcome = (row["typical_outcome"] or "").strip()
    if outcome not in set(Outcome):
        found.append(f"Okänt utfall: {outcome or 'tomt'} (close, handover eller switch).")
    return found + _wrong_share((row["share_hint"] or "").strip())


def _wrong_share(text: str) -> list[str]:
    try:
        share = float(text or 0)
    except ValueError:
        return [f"share_hint är inget tal: {text}"]
    return [] if 0 <= share <= 100 else ["share_hint ska vara 0 till 100."]
