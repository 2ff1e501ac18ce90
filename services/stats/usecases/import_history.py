"""Volumes known from before the move: what the old exchange counted teaches what is normal from the first day."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.stats.domain.cube import bin_of
from services.stats.store.series import SeriesStore
from shared.clock import STOCKHOLM
from shared.vocabulary import Channel

_OPTIONAL = ("channel", "unit", "case_type", "entrance")
_GZIP = b"\x1f\x8b"
_CHUNK = 20_000


class BrokenHistoryError(ValueError):
    """The file does not hold together; `lines` says what is wrong where, and nothing is imported."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(f"{len(lines)} errors")
        self.lines = lines


@dataclass(frozen=True, slots=True)
class ImportHistory:
    """Reads `start,count[,channel,unit,case_type,entrance]`; a start without zone is Stockholm's clock."""

    series: SeriesStore

    async def read(self, raw: bytes) -> int:
        """Import a file (plain or gzip), all of it or nothing; the same bin again replaces what was known of it."""
        text = (gzip.decompress(raw) if raw.startswith(_GZIP) else raw).decode("utf-8-sig")
        rows = list(_rows(csv.DictReader(text.splitlines())))
        if wrong := [row for row in rows if isinstance(row, str)]:
            raise BrokenHistoryError(wrong)
        merged: dict[tuple[Any, ...], int] = {}
        for *cell, count in (row for row in rows if not isinstance(row, str)):
            merged[tuple(cell)] = merged.get(tuple(cell), 0) + count
        whole = [(*cell, count) for cell, count in merged.items()]
        await self.series.keep_history(whole[at : at + _CHUNK] for at in range(0, len(whole), _CHUNK))
        return len(whole)


def _rows(reader: "csv.DictReader[str]") -> Iterator[tuple[Any, ...] | str]:
    for number, row in enumerate(reader, start=2):
        try:
            moment = datetime.fromisoformat(row["start"])
            count = int(row["count"])
            channel = Channel(row.get("channel") or Channel.PHONE)
        except (KeyError, TypeError, ValueError) as error:
            yield f"line {number}: {error}"
            continue
        if count < 0:
            yield f"line {number}: a count below zero"
        elif count:
            start = bin_of(moment if moment.tzinfo else moment.replace(tzinfo=STOCKHOLM))
            yield (start, channel, *(row.get(name) or "" for name in _OPTIONAL[1:]), count)
