"""The directory as CSV, as exchanges and spreadsheets write it: semicolons or commas, UTF-8 or Windows-1252.

The first line names the columns, in any order: `namn` and `verksamhet` must be there, the others may be. What is wrong
is found in one go, each with its line.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from services.casework.domain.directory import Entry, Kind, dialled
from services.casework.usecases.files import LineError, RejectedFileError
from shared.ids import slug

COLUMNS = {
    "nyckel": 200,
    "typ": 20,
    "namn": 200,
    "titel": 200,
    "verksamhet": 200,
    "plats": 200,
    "telefon": 40,
    "anknytning": 10,
    "mobil": 40,
    "visa mobil": 10,
    "skyddad": 10,
    "e-post": 200,
    "sökord": 1_000,
    "borta till": 10,
    "ersättare": 200,
}
"""The columns, and how long what stands in them may be."""
WANTED = ("namn", "verksamhet")
MOST_LINES = 50_000
_KINDS = {"": Kind.PERSON, "person": Kind.PERSON, "funktion": Kind.FUNCTION}
_YES = frozenset({"ja", "j", "x", "1"})
_NO = frozenset({"", "nej", "n", "0"})
_MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_EXTENSION = re.compile(r"\d{2,7}")
_KEYWORDS = re.compile(r"[,;|]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True)
class _File:
    """What has been read so far, and what is wrong with it."""

    units: Mapping[str, str]
    """Ids by name, in lower case."""
    entries: dict[str, Entry] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    called: dict[str, list[str]] = field(default_factory=dict)
    """Ids by key, mail address and name, in lower case."""
    errors: list[LineError] = field(default_factory=list)


def read_directory(data: bytes, units: Mapping[str, str]) -> list[Entry]:
    """Return the entries of a directory, `units` being ids by name; RejectedFileError with everything that is wrong."""
    text = decoded(data)
    head = next((line for line in text.splitlines() if line.strip()), "")
    found = _File({name.lower(): unit for name, unit in units.items()})
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") else ",", strict=True)
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    except csv.Error as error:
        raise RejectedFileError([LineError(1, f"Raden går inte att läsa: {error}")]) from error
    if wrong := list(_wrong_columns(names)):
        raise RejectedFileError([LineError(1, one) for one in wrong])
    reader.fieldnames = names
    try:
        for row in reader:
            _take(row, reader.line_num, found)
            if len(found.entries) > MOST_LINES:
                raise RejectedFileError([LineError(reader.line_num, f"Filen har fler än {MOST_LINES} rader.")])
    except csv.Error as error:
        found.errors.append(LineError(reader.line_num, f"Raden går inte att läsa: {error}"))
    _stand_ins(found)
    if not found.entries and not found.errors:
        found.errors.append(LineError(1, "Filen är tom."))
    if found.errors:
        raise RejectedFileError(found.errors)
    return list(found.entries.values())


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8, with or without its mark, or else in Windows-1252."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RejectedFileError([LineError(line, "Filen är varken UTF-8 eller Windows-1252.")]) from error


def _wrong_columns(names: list[str]) -> Iterator[str]:
    for name in WANTED:
        if name not in names:
            yield f"Kolumnen {name} saknas."
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            yield f"Okänd kolumn: {name or 'utan namn'}."
        elif names.count(name) > 1:
            yield f"Kolumnen {name} finns två gånger."


def _take(row: Mapping[str | None, str | list[str] | None], line: int, found: _File) -> None:
    if None in row or None in row.values():
        found.errors.append(LineError(line, "Fel antal kolumner."))
        return
    said = {name: " ".join(str(row.get(name) or "").split()) for name in COLUMNS}
    if not any(said.values()):
        return
    if wrong := list(_wrong(said, found.units)):
        found.errors += [LineError(line, one) for one in wrong]
        return
    entry = _entry(said, found.units)
    if entry.id in found.entries:
        first = found.lines[entry.id]
        found.errors.append(LineError(line, f"{entry.name} finns redan på rad {first}. Ge raderna var sin nyckel."))
        return
    found.entries[entry.id], found.lines[entry.id] = entry, line
    for name in {said["nyckel"].lower(), entry.email.lower(), entry.name.lower()} - {""}:
        found.called.setdefault(name, []).append(entry.id)


def _wrong(said: Mapping[str, str], units: Mapping[str, str]) -> Iterator[str]:
    for name in WANTED:
        if not said[name]:
            yield f"{name} är tomt."
    for name, most in COLUMNS.items():
        if len(said[name]) > most:
            yield f"{name} är längre än {most} tecken."
        elif any(not one.isprintable() for one in said[name]):
            yield f"{name} har ett tecken som inte går att visa."
    if said["verksamhet"] and said["verksamhet"].lower() not in units:
        yield f"Okänd verksamhet: {said['verksamhet']}."
    for name, may, why in _RULES:
        if said[name] and not may(said[name]):
            yield f"{name} {why}: {said[name]}."


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _yes_or_no(text: str) -> bool:
    return text.lower() in _YES | _NO


_RULES: tuple[tuple[str, Callable[[str], object], str], ...] = (
    ("typ", lambda text: text.lower() in _KINDS, "är person eller funktion"),
    ("telefon", dialled, "är inget telefonnummer"),
    ("mobil", dialled, "är inget telefonnummer"),
    ("anknytning", _EXTENSION.fullmatch, "är två till sju siffror"),
    ("e-post", _MAIL.fullmatch, "är ingen adress"),
    ("visa mobil", _yes_or_no, "är ja eller nej"),
    ("skyddad", _yes_or_no, "är ja eller nej"),
    ("borta till", _day, "skrivs som 2026-12-01"),
)
"""What may stand in a column that is not empty, and what is said of anything else."""


def _entry(said: Mapping[str, str], units: Mapping[str, str]) -> Entry:
    unit, kind = units[said["verksamhet"].lower()], _KINDS[said["typ"].lower()]
    natural = said["e-post"].lower() or " ".join((kind, unit, slug(said["namn"]), slug(said["titel"])))
    keywords = (word.strip() for word in _KEYWORDS.split(said["sökord"]))
    return Entry(
        id=f"dir-{hashlib.sha256((said['nyckel'] or natural).encode()).hexdigest()[:16]}",
        kind=kind,
        name=said["namn"],
        title=said["titel"],
        unit=unit,
        place=said["plats"],
        phone=said["telefon"],
        extension=said["anknytning"],
        mobile=said["mobil"],
        mobile_shown=said["visa mobil"].lower() in _YES,
        protected=said["skyddad"].lower() in _YES,
        email=said["e-post"],
        keywords=tuple(dict.fromkeys(filter(None, keywords))),
        away_until=_day(said["borta till"]),
        stand_in=said["ersättare"],
    )


def _stand_ins(found: _File) -> None:
    """Let every stand-in be an id: of the only line that has this key, mail address or name."""
    for entry in list(found.entries.values()):
        if not entry.stand_in:
            continue
        meant = found.called.get(entry.stand_in.lower(), [])
        if len(meant) == 1 and meant[0] != entry.id:
            found.entries[entry.id] = replace(entry, stand_in=meant[0])
            continue
        why = {0: "finns inte i filen", 1: "är samma rad"}.get(len(meant), "är flera rader: skriv nyckel eller e-post")
        found.errors.append(LineError(found.lines[entry.id], f"Ersättaren {entry.stand_in} {why}."))
