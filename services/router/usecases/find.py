"""Finding without side effects: what a text is about, and what fits the words typed so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.router.domain.matching.matcher import CaseType, Match, Query
from services.router.usecases.teach import Taught
from shared.catalogue import Catalogue
from shared.events import ChecklistRef

LONGEST = 20_000
"""Characters that are read of a text; a longer mail has said what it is about by then."""


@dataclass(frozen=True, slots=True)
class MatchAnswer:
    """Five candidates, how sure we are of the first, and the words that speak for it."""

    candidates: Sequence[Match]
    confidence: float
    explanation: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A case type that fits what was typed, with its checklist when it has one."""

    case_type: CaseType
    checklist: ChecklistRef | None
    score: float


@dataclass(frozen=True, slots=True)
class MatchText:
    """Says which case types a text may be about."""

    catalogue: Catalogue
    taught: Taught

    def match(self, text: str, *, entrance: str | None = None) -> MatchAnswer:
        """Return the candidates; an entrance of one unit speaks for that unit's case types."""
        matcher = self.taught.now.matcher
        said = text[:LONGEST]
        found = self.catalogue.entrance(entrance) if entrance else None
        known = found if found and not found.default else None
        query = Query(said, known.unit, known.area) if known else Query(said)
        matches = matcher.rank([query])[0]
        if not matches:
            return MatchAnswer((), 0.0, ())
        return MatchAnswer(matches, matches[0].confidence, matcher.explain(said, matches[0].case_type.id))


@dataclass(frozen=True, slots=True)
class SearchTexts:
    """Finds case types and checklists while somebody types."""

    taught: Taught

    def search(self, text: str, *, unit: str | None = None) -> Sequence[Hit]:
        """Return what fits, best first; of one unit only when it is given."""
        now = self.taught.now
        among = frozenset(key for key, found in now.case_types.items() if found.unit == unit) if unit else None
        hits = now.index.find(text[:LONGEST], among=among)
        return [Hit(now.case_types[thing], now.checklists.get(thing), score) for thing, score in hits]
