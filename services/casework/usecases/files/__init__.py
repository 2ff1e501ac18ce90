"""Reading the files that fill the catalogue: everything wrong is found in one go, each with its line."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import DomainError


@dataclass(frozen=True, slots=True, order=True)
class LineError:
    """Something wrong in a file: the line (from 1) and what, in Swedish."""

    line: int
    text: str


class RejectedFileError(DomainError):
    """A file has errors, so nothing of it was taken in."""

    type = "file-rejected"
    status = 422
    title = "Filen har fel och inget har lästs in."

    def __init__(self, found: Sequence[LineError]) -> None:
        self.found = tuple(sorted(found))
        super().__init__("\n".join(f"rad {error.line}: {error.text}" for error in self.found))
