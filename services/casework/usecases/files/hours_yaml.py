"""Opening hours as YAML: a unit, its channels, its week (`mån-tor: 08:00-17:00`) and the days that differ."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.casework.usecases.files.lists_yaml import Rows, accepted, listed, strings
from services.casework.usecases.files.nodes import Document, Path
from shared.opening import DAYS, Opening, minutes_of
from shared.records import HoursRecord
from shared.vocabulary import Channel

WEEKDAYS = ("mån", "tis", "ons", "tor", "fre", "lör", "sön")
ALWAYS = "dygnet runt"
CLOSED = "stängt"
_FIELDS = {"unit", "channels", "week", "exceptions", "open_on_holidays"}
_MIDNIGHTS = [{"opens": "00:00", "closes": "24:00"}]

Spans = list[dict[str, str]]


def read_hours(data: bytes, units: Mapping[str, str]) -> Rows:
    """Return opening hours as rows; `units` are ids by name. RejectedFileError with everything that is wrong."""
    document, entries = listed(data, "hours")
    rows: dict[str, dict[str, Any]] = {}
    for index, raw in enumerate(entries):
        path: Path = ("hours", index)
        if not isinstance(raw, dict):
            document.wrong(path, "Raden ska ha fält med namn.")
            continue
        for row in _Entry(document, path, raw).rows(units):
            if row["id"] in rows:
                document.wrong(path, f"Öppettiderna finns redan i filen: {row['id']}")
            rows[row["id"]] = row
    return accepted(document, list(rows.values()))


class _Entry:
    """One entry of the list; notes what is wrong with it."""

    def __init__(self, document: Document, path: Path, raw: Mapping[str, Any]) -> None:
        self._document = document
        self._path = path
        self._raw = raw

    def rows(self, units: Mapping[str, str]) -> Rows:
        """Return a row for every channel named, or one for all channels."""
        for name in self._raw.keys() - _FIELDS:
            self._wrong(name, f"Okänt fält: {name}")
        unit = self._raw.get("unit")
        if unit not in units:
            self._wrong("unit", f"Verksamheten finns inte i katalogen: {unit or 'saknas'}")
        channels = strings(self._document, self._path, self._raw, "channels")
        for channel in channels:
            if channel not in set(Channel):
                self._wrong("channels", f"Okänd kanal: {channel}")
        same = {
            "unit": units.get(str(unit), ""),
            "weekly": self._week(),
            "exceptions": self._exceptions(),
            "open_on_holidays": self._raw.get("open_on_holidays") is True,
        }
        self._ever_open(same)
        found: list[str | None] = [*channels] or [None]
        return [{"id": f"{same['unit']}:{channel or '*'}", "channel": channel, **same} for channel in found]

    def _week(self) -> list[Spans]:
        week: list[Spans] = [[] for _ in range(DAYS)]
        raw = self._raw.get("week")
        if raw == ALWAYS:
            return [_MIDNIGHTS] * DAYS
        if not isinstance(raw, dict) or not raw:
            self._wrong("week", f"week ska vara dagar med tider (mån-tor: 08:00-17:00) eller {ALWAYS}.")
            return week
        seen: set[int] = set()
        for name, text in raw.items():
            days = self._days(str(name))
            if seen & set(days):
                self._document.wrong((*self._path, "week", name), f"{name}: dagen har redan tider.")
            seen.update(days)
            spans = self._spans((*self._path, "week", name), text)
            for day in days:
                week[day] = spans
        return week

    def _days(self, name: str) -> range:
        first, _, last = (part.strip() for part in name.partition("-"))
        if first not in WEEKDAYS or (last and last not in WEEKDAYS):
            self._document.wrong((*self._path, "week", name), f"Okänd dag: {name} ({', '.join(WEEKDAYS)})")
            return range(0)
        return range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)

    def _exceptions(self) -> list[dict[str, Any]]:
        raw = self._raw.get("exceptions") or []
        if not isinstance(raw, list):
            self._wrong("exceptions", "exceptions ska vara en lista.")
            return []
        found: dict[str, dict[str, Any]] = {}
        for index, one in enumerate(raw):
            path = (*self._path, "exceptions", index)
            if not isinstance(one, dict) or one.keys() - {"day", "hours", "note"}:
                self._document.wrong(path, "Ett undantag har day, hours (utelämnat är stängt) och note.")
                continue
            day = self._day(path, one.get("day"))
            if day in found:
                self._document.wrong(path, f"{day} finns redan.")
            spans = self._spans((*path, "hours"), one.get("hours", CLOSED))
            found[day] = {"day": day, "spans": spans, "note": str(one.get("note") or "")}
        return list(found.values())

    def _day(self, path: Path, value: object) -> str:
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            self._document.wrong((*path, "day"), f"Ingen dag: {value} (2026-12-23)")
            return ""

    def _spans(self, path: Path, text: object) -> Spans:
        """Return `08:00-12:00, 13:00-16:00` as spans; `stängt` is none."""
        if text == CLOSED:
            return []
        if text == ALWAYS:
            return _MIDNIGHTS
        try:
            return [_span(part) for part in str(text).split(",")]
        except ValueError:
            self._document.wrong(path, f"Inga tider: {text} (08:00-12:00, 13:00-16:00 eller {CLOSED})")
            return []

    def _ever_open(self, same: Mapping[str, Any]) -> None:
        if self._document.errors:
            return
        if not any(same["weekly"]) and not any(one["spans"] for one in same["exceptions"]):
            self._wrong("week", "Det är aldrig öppet.")
        try:
            Opening.of(HoursRecord.model_validate(same))
        except ValueError:
            self._wrong("week", "Tider får inte gå i varandra eller sluta innan de börjar.")

    def _wrong(self, name: str, text: str) -> None:
        self._document.wrong((*self._path, name), text)


def _span(text: str) -> dict[str, str]:
    opens, closes = (minutes_of(part) for part in text.split("-"))
    return {"opens": f"{opens // 60:02}:{opens % 60:02}", "closes": f"{closes // 60:02}:{closes % 60:02}"}
