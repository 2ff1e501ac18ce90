"""Five likely case types for a message: the model's score, the entrance as a soft prior, habit when nothing is said."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.router.domain.matching.features import Floats, parts, words
from services.router.domain.matching.model import Model, softmax

BEST = 5
_UNIT, _AREA = 2.5, 0.7
"""Log odds that an entrance of the unit, or of the area, adds: worth ten points when right, four when wrong."""
_HABIT_SAID, _HABIT_SILENT = 0.1, 1.0
"""How much the log of a type's share counts with and without words."""
_LONG = 45
_PART = np.float32(0.3)
"""How much of a part's lead over the whole counts in a long message: more hurts the first place (measured)."""
_UNKNOWN = -2.0


@dataclass(frozen=True, slots=True)
class CaseType:
    """What matching knows of a case type; `share` in per cent of all contacts, `texts` teach how it is put."""

    id: str
    unit: str
    area: str
    question: str
    share: float = 0.0
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A message: its words, and the unit and area of its entrance when that says anything."""

    text: str
    unit: str | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A likely case type and how sure we are, 0 to 1."""

    case_type: CaseType
    confidence: float


@dataclass(frozen=True, eq=False)
class Matcher:
    """Ranks the case types of one catalogue with one model; without a model the prior alone ranks."""

    case_types: tuple[CaseType, ...]
    model: Model | None = None
    _columns: "list[int]" = field(init=False, repr=False)
    _habit: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = {label: index for index, label in enumerate(self.model.classes)} if self.model else {}
        columns = [known.get(case_type.id, -1) for case_type in self.case_types]
        shares = np.array([max(case_type.share, 0.05) for case_type in self.case_types], np.float32)
        object.__setattr__(self, "_columns", columns)
        object.__setattr__(self, "_habit", np.log(shares / shares.sum()) if len(shares) else shares)

    @property
    def version(self) -> str:
        """The version of the model, or `prior` when there is none yet."""
        return self.model.version if self.model else "prior"

    def rank(self, queries: Sequence[Query], *, best: int = BEST) -> list[list[Match]]:
        """Return the likeliest case types of each message, best first; one matrix product for all of them."""
        if not self.case_types or not queries:
            return [[] for _ in queries]
        chances = softmax(self._evidence(queries) + np.stack([self._prior(query) for query in queries]))
        order = np.argsort(-chances, axis=1, kind="stable")[:, :best]
        return [
            [Match(self.case_types[index], round(float(row[index]), 4)) for index in top]
            for row, top in zip(chances, order.tolist(), strict=True)
        ]

    def explain(self, text: str, case_type: str, *, most: int = 8) -> list[tuple[str, float]]:
        """Return the words that speak for `case_type`, heaviest first: an exact split of its score."""
        if self.model is None or case_type not in self.model.classes:
            return []
        said = words(text)
        row = self.model.rows([text])
        column = self.model.classes.index(case_type)
        worth = row.data * self.model.weights[row.indices, column] / np.float32(self.model.temperature)
        shares: dict[str, float] = {}
        for word, weight in zip(said, _per_word(self.model, said, worth), strict=True):
            shares[word] = shares.get(word, 0.0) + weight
        heaviest = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        return [(word, round(weight, 4)) for word, weight in heaviest if weight > 0][:most]

    def _prior(self, query: Query) -> Floats:
        entrance = [
            _UNIT * (case_type.unit == query.unit) + _AREA * (query.area is not None and case_type.area == query.area)
            for case_type in self.case_types
        ]
        habit = _HABIT_SAID if query.text.strip() else _HABIT_SILENT
        return np.asarray(np.array(entrance) + habit * self._habit, dtype=np.float32)

    def _evidence(self, queries: Sequence[Query]) -> Floats:
        texts = [query.text for query in queries]
        if self.model is None or not any(texts):
            return np.zeros((len(queries), len(self.case_types)), np.float32)
        cut = [parts(text) if len(text.split()) >= _LONG else [] for text in texts]
        scores = self.model.logits([*texts, *(part for found in cut for part in found)])
        whole, at = scores[: len(texts)], len(texts)
        for index, found in enumerate(cut):
            if found:
                lead = scores[at : at + len(found)].max(axis=0) - whole[index]
                whole[index] += _PART * np.maximum(lead, 0)
                at += len(found)
        return self._of_catalogue(whole)

    def _of_catalogue(self, scores: Floats) -> Floats:
        silent = np.full((len(scores), 1), _UNKNOWN, np.float32)
        silent[~scores.any(axis=1)] = 0.0
        return np.hstack([scores, silent])[:, self._columns]


def _per_word(model: Model, said: Sequence[str], worth: Floats) -> list[float]:
    """Split what each bucket is worth evenly among the words that filled it; a pair's half goes to each of its two."""
    buckets, first, second = model.reader.filled(said)
    _, which, times = np.unique(buckets, return_inverse=True, return_counts=True)
    part = worth[which] / times[which] / 2
    sums = np.bincount(first, part, len(said)) + np.bincount(second, part, len(said))
    return [float(each) for each in sums]
