"""Seed examples as JSON lines, plain or gzipped: `{"text", "subject"?, "case_type"}` with the path as case type."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from services.casework.usecases.files import LineError, RejectedFileError
from shared.ids import case_type_id


@dataclass(frozen=True, slots=True)
class Example:
    """How somebody put a case type."""

    line: int
    path: str
    text: str

    @property
    def case_type(self) -> str:
        """The id that the path gives."""
        return case_type_id(self.path)


def read_examples(data: bytes) -> list[Example]:
    """Return the examples; RejectedFileError with everything that is wrong."""
    try:
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError, zlib.error) as error:
        raise RejectedFileError([LineError(1, "Den packade filen är trasig.")]) from error
    found = list(_lines(plain))
    errors = [one for one in found if isinstance(one, LineError)]
    if errors or not found:
        raise RejectedFileError(errors or [LineError(1, "Filen är tom.")])
    return [one for one in found if isinstance(one, Example)]


def _lines(data: bytes) -> Iterator[Example | LineError]:
    for number, raw in enumerate(data.splitlines(), 1):
        if not raw.strip():
            continue
        try:
            row = json.loads(raw)
        except ValueError:
            yield LineError(number, "Raden är inte JSON.")
            continue
        yield _example(number, row)


def _example(number: int, row: object) -> Example | LineError:
    values = row if isinstance(row, dict) else {}
    path, text, subject = (values.get(name, "") for name in ("case_type", "text", "subject"))
    if not (isinstance(path, str) and path.strip()):
        return LineError(number, "case_type saknas.")
    if not (isinstance(text, str) and text.strip()):
        return LineError(number, "text saknas.")
    words = f"{subject}\n{text}" if isinstance(subject, str) and subject.strip() else text
    return Example(number, path.strip(), words.strip())
