"""Search as you type: word beginnings for the first ten characters, BM25 over n-grams of 3-5 characters after that."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from services.router.domain.matching.features import BUCKETS, Floats, Reader, words

_SHORT = 10
"""Characters up to which the beginning of words finds more than n-grams do."""
_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Document:
    """One text about a thing, and how much a hit in it is worth."""

    thing: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Index:
    """The documents of all things; a thing scores as its documents together."""

    things: tuple[str, ...]
    _words: list[str] = field(repr=False)
    _hits: sparse.csr_matrix = field(repr=False)
    """Word of the vocabulary by thing: the weight of the best document that has it."""
    _grams: sparse.csr_matrix = field(repr=False)
    """Bucket by thing: the BM25 worth of one occurrence in the query."""
    _reader: Reader = field(default_factory=lambda: Reader(stems=False), repr=False)

    def find(self, text: str, *, among: frozenset[str] | None = None, most: int = 10) -> list[tuple[str, float]]:
        """Return the things that fit best with a score above zero, best first; only those `among` when given."""
        said = words(text)
        if not said or not self.things:
            return []
        scores = self._beginnings(said) if len(text.strip()) <= _SHORT else self._likeness(said)
        order = np.argsort(-scores, kind="stable")
        fitting = ((self.things[i], round(float(scores[i]), 4)) for i in order if scores[i] > 0)
        return [hit for hit in fitting if among is None or hit[0] in among][:most]

    def _beginnings(self, said: Sequence[str]) -> Floats:
        """Every word must begin some word of the thing; rarer beginnings weigh more."""
        total = np.ones(len(self.things), np.float32)
        for word in said:
            first, last = bisect_left(self._words, word), bisect_left(self._words, word + "\U0010ffff")
            if first == last:
                return np.zeros(len(self.things), np.float32)
            hits = self._best(first, last)
            total *= hits * np.float32(np.log1p(len(self.things) / np.count_nonzero(hits)))
        return total

    def _best(self, first: int, last: int) -> Floats:
        """Return the greatest weight of each thing over a range of words."""
        hits = np.zeros(len(self.things), np.float32)
        span = slice(self._hits.indptr[first], self._hits.indptr[last])
        np.maximum.at(hits, self._hits.indices[span], self._hits.data[span])
        return hits

    def _likeness(self, said: Sequence[str]) -> Floats:
        counted = self._reader.counts([said])[:, :BUCKETS]
        counted.data[:] = 1.0
        found = counted @ self._grams
        return np.asarray(found.toarray()[0], dtype=np.float32)


def build(documents: Iterable[Document]) -> Index:
    """Return the index of the documents."""
    kept = [(document, words(document.text)) for document in documents]
    things = tuple(sorted({document.thing for document, _ in kept}))
    place = {thing: index for index, thing in enumerate(things)}
    vocabulary: dict[str, dict[int, float]] = {}
    for document, said in kept:
        at = place[document.thing]
        for word in set(said):
            hits = vocabulary.setdefault(word, {})
            hits[at] = max(hits.get(at, 0.0), document.weight)
    ordered = sorted(vocabulary)
    return Index(things, ordered, _rows([vocabulary[word] for word in ordered], len(things)), _bm25(kept, place))


def _rows(hits: Sequence[dict[int, float]], width: int) -> sparse.csr_matrix:
    columns = np.fromiter((column for row in hits for column in row), np.int32)
    values = np.fromiter((value for row in hits for value in row.values()), np.float32)
    return sparse.csr_matrix((values, columns, np.cumsum([0, *map(len, hits)])), shape=(len(hits), width))


def _bm25(kept: Sequence[tuple[Document, list[str]]], place: dict[str, int]) -> sparse.csr_matrix:
    """Return bucket by thing, summed over each thing's documents by their weights."""
    counts = Reader(stems=False).counts([said for _, said in kept])[:, :BUCKETS].tocsr()
    counts.data = np.exp(counts.data - 1.0)
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    seen = np.bincount(counts.indices, minlength=BUCKETS)
    idf = np.log1p((counts.shape[0] - seen + 0.5) / (seen + 0.5))
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    norm = _K1 * (1 - _B + _B * lengths / max(lengths.mean(), 1.0)) if len(lengths) else lengths
    counts.data = counts.data * (_K1 + 1) / (counts.data + norm[rows]) * idf[counts.indices]
    weights = np.array([document.weight for document, _ in kept])
    owner = sparse.csr_matrix(
        (weights, ([place[document.thing] for document, _ in kept], np.arange(len(kept)))),
        shape=(len(place), len(kept)),
    )
    return (owner @ counts).T.tocsr().astype(np.float32)
