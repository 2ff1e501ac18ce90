"""Text as numbers: hashed n-grams of 2-5 characters inside words, beside Swedish stems and pairs of stems.

Two blocks of `BUCKETS` buckets each; a row is counted as 1 + log(tf), weighed by idf and made unit length block by
block, so that stems count as much as characters (measured: worth two points over one common length).
"""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import snowballstemmer
from scipy import sparse

BITS = 15
BUCKETS = 1 << BITS
SIZE = 2 * BUCKETS
"""Length of a row: characters first, stems after."""

Floats = npt.NDArray[np.float32]
Buckets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_LONGEST, _SHORTEST = 5, 2
_MASK = np.uint64(BUCKETS - 1)
_REMEMBERED = 40_000
_MOST_WORDS = 2_000
_LONGEST_WORD = 40


def words(text: str) -> list[str]:
    """Return the words of `text` in small letters; what lies beyond the first 2,000 is not read."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(text.lower())[:_MOST_WORDS]]


def parts(text: str, *, least: int = 15, most: int = 24) -> list[str]:
    """Return `text` cut between sentences into at most `most` parts of at least `least` words; none if only one."""
    found: list[str] = []
    open_part = ""
    for sentence in _SENTENCE.split(text):
        open_part = f"{open_part} {sentence}".strip()
        if len(open_part.split()) >= least:
            found.append(open_part)
            open_part = ""
    if open_part and found:
        found[-1] = f"{found[-1]} {open_part}"
    return found[:most] if len(found) > 1 else []


@cache
def _stemmer() -> "snowballstemmer.SwedishStemmer":
    return snowballstemmer.stemmer("swedish")


def stem(word: str) -> str:
    """Return the Swedish stem of a word in small letters."""
    return str(_stemmer().stemWord(word))


def _mix(values: Hashes) -> Hashes:
    mixed = values ^ (values >> np.uint64(31))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return np.asarray(mixed ^ (mixed >> np.uint64(29)), dtype=np.uint64)


def _letters(texts: Sequence[str]) -> tuple[Hashes, Buckets]:
    lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    blob = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    return blob * np.uint64(0x9E3779B97F4A7C15), np.repeat(np.arange(len(texts)), lengths)


def _grams(texts: Sequence[str]) -> list[Buckets]:
    """Return the buckets of every n-gram of each word, edges marked; one pass over all the words."""
    letters, owner = _letters([f"\x02{text}\x03" for text in texts])
    rolled, values, owners = letters, [], []
    for size in range(_SHORTEST, _LONGEST + 1):
        rolled = (rolled[:-1] * np.uint64(1_000_003)) ^ (letters[size - 1 :] + np.uint64(size))
        inside = owner[: len(rolled)] == owner[size - 1 :]
        values.append(rolled[inside])
        owners.append(owner[: len(rolled)][inside])
    belongs = np.concatenate(owners)
    order = np.argsort(belongs, kind="stable")
    buckets = (_mix(np.concatenate(values)) & _MASK).astype(np.int64)[order]
    return np.split(buckets, np.searchsorted(belongs[order], np.arange(1, len(texts))))


def _hash_stems(texts: Sequence[str]) -> Hashes:
    letters, owner = _letters(texts)
    place = np.arange(len(letters)) - np.searchsorted(owner, owner)
    weights = _mix((place.astype(np.uint64) + np.uint64(1)) * np.uint64(0xD6E8FEB86659FD93))
    sums = np.zeros(len(texts), np.uint64)
    np.add.at(sums, owner, _mix(letters ^ weights))
    return sums


class Reader:
    """Reads texts into rows; remembers the words it has seen, forgetting all when they are many.

    Without `stems` the second block stays empty.
    """

    def __init__(self, *, stems: bool = True) -> None:
        self._with_stems = stems
        self._grams: dict[str, Buckets] = {}
        self._stems: dict[str, np.uint64] = {}

    def counts(self, texts: Sequence[Sequence[str]]) -> sparse.csr_matrix:
        """Return one row of 1 + log(tf) for each text, given as its words."""
        self._meet({word for text in texts for word in text})
        lines = [np.unique(self._buckets(text), return_counts=True) for text in texts]
        ends = np.cumsum([0, *(len(buckets) for buckets, _ in lines)])
        data = np.concatenate([times for _, times in lines]) if lines else np.zeros(0)
        return sparse.csr_matrix(
            (
                (1.0 + np.log(data)).astype(np.float32),
                np.concatenate([buckets for buckets, _ in lines]) if lines else np.zeros(0, np.int64),
                ends,
            ),
            shape=(len(texts), SIZE),
        )

    def filled(self, text: Sequence[str]) -> tuple[Buckets, Buckets, Buckets]:
        """Return the buckets that a text fills, and the places of the two words that fill each (the same one twice)."""
        self._meet(set(text))
        places = np.arange(len(text))
        grams = np.repeat(places, [len(self._grams[word]) for word in text])
        first = np.concatenate([grams, places, places[:-1]])
        return self._buckets(text), first, np.concatenate([grams, places, places[1:]])

    def _meet(self, seen: set[str]) -> None:
        if len(self._grams) > _REMEMBERED:
            self._grams.clear()
            self._stems.clear()
        new = sorted(seen - self._grams.keys())
        if new:
            self._grams.update(zip(new, _grams(new), strict=True))
            if self._with_stems:
                self._stems.update(zip(new, _hash_stems([stem(word) for word in new]), strict=True))

    def _buckets(self, text: Sequence[str]) -> Buckets:
        if not text:
            return np.zeros(0, np.int64)
        stems = [self._stem_buckets(text)] if self._with_stems else []
        return np.concatenate([*(self._grams[word] for word in text), *stems])

    def _stem_buckets(self, text: Sequence[str]) -> Buckets:
        single = np.array([self._stems[word] for word in text], dtype=np.uint64)
        pairs = _mix(single[:-1] * np.uint64(31) + single[1:] * np.uint64(0x9E3779B97F4A7C15))
        return (np.concatenate([_mix(single), pairs]) & _MASK).astype(np.int64) + BUCKETS


def idf_of(counts: sparse.csr_matrix) -> Floats:
    """Return each bucket's smoothed inverse document frequency."""
    seen = np.bincount(counts.indices, minlength=SIZE)
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + seen)) + 1, dtype=np.float32)


def weigh(counts: sparse.csr_matrix, idf: Floats) -> sparse.csr_matrix:
    """Return the rows weighed by `idf`, each block of a row with length √½, so that a row has length one."""
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    block = 2 * rows + (counts.indices >= BUCKETS)
    values = counts.data * idf[counts.indices]
    lengths = np.sqrt(2.0 * np.bincount(block, weights=values * values, minlength=2 * counts.shape[0]))
    lengths[lengths == 0] = 1.0
    scaled = (values / lengths[block]).astype(np.float32)
    return sparse.csr_matrix((scaled, counts.indices, counts.indptr), shape=counts.shape)
