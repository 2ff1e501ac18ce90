"""What a search finds."""

from dataclasses import dataclass

from services.casework.domain.search_hits import Why
from services.casework.usecases.views.listed import CaseRow


@dataclass(frozen=True, slots=True)
class HitView:
    """A case that was found, and where it answers."""

    case: CaseRow
    why: tuple[Why, ...]
    near: bool
    """Only words near those that were asked for are in it."""


@dataclass(frozen=True, slots=True)
class SearchView:
    """A page of hits, best first."""

    hits: tuple[HitView, ...]
    next: str | None
    unknown: tuple[str, ...] = ()
    """Words that no case has: the rest was looked for without them."""
    personal_number: bool = False
    """It was a personnummer, which nothing is found by."""
    empty: bool = False
    """There was nothing to look for."""
