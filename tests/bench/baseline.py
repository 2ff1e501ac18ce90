"""The named baseline of `matching`: words by tf-idf and multinomial logistic regression, by scipy's L-BFGS."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

_WORD = re.compile(r"\w\w+")
_STRENGTH = 10.0
"""C of the usual notation: losses are summed and weigh ten times the squared length of the weights over two."""


@dataclass(frozen=True)
class WordsBaseline:
    """Logistic regression on single words."""

    vocabulary: dict[str, int]
    idf: np.ndarray[Any, Any]
    labels: list[str]
    weights: np.ndarray[Any, Any]

    @classmethod
    def fit(cls, train: Sequence[tuple[str, str]]) -> "WordsBaseline":
        vocabulary: dict[str, int] = {}
        for text, _ in train:
            for word in _WORD.findall(text.lower()):
                vocabulary.setdefault(word, len(vocabulary))
        counts = _counts([text for text, _ in train], vocabulary)
        idf = np.log((1 + len(train)) / (1 + np.bincount(counts.indices, minlength=len(vocabulary)))) + 1
        labels = sorted({label for _, label in train})
        right = np.array([labels.index(label) for _, label in train])
        return cls(vocabulary, idf, labels, _regress(_unit(counts, idf), right, len(labels)))

    def rank(self, texts: Sequence[str]) -> list[list[str]]:
        rows = _unit(_counts(texts, self.vocabulary), self.idf)
        order = np.argsort(-(rows @ self.weights[:-1] + self.weights[-1]), axis=1)[:, :5]
        return [[self.labels[index] for index in row] for row in order]


def _counts(texts: Sequence[str], vocabulary: dict[str, int]) -> sparse.csr_matrix:
    at = [
        (row, vocabulary[w]) for row, text in enumerate(texts) for w in _WORD.findall(text.lower()) if w in vocabulary
    ]
    rows, columns = np.array(at, dtype=np.int64).reshape(-1, 2).T
    made = sparse.csr_matrix((np.ones(len(at)), (rows, columns)), shape=(len(texts), len(vocabulary)))
    made.sum_duplicates()
    return made


def _unit(counts: sparse.csr_matrix, idf: np.ndarray[Any, Any]) -> sparse.csr_matrix:
    weighed = counts.multiply(idf[None, :]).tocsr()
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    return sparse.diags(1 / np.where(lengths > 0, lengths, 1)).dot(weighed).tocsr()


def _regress(rows: sparse.csr_matrix, right: np.ndarray[Any, Any], classes: int) -> np.ndarray[Any, Any]:
    """Weights with the intercepts as their last row."""
    shape = (rows.shape[1] + 1, classes)
    columns = rows.T.tocsr()
    each = np.arange(len(right))

    def loss(flat: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        weights = flat.reshape(shape)
        logits = rows @ weights[:-1] + weights[-1]
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        total = -np.log(np.maximum(chances[each, right], 1e-12)).sum() + (weights[:-1] ** 2).sum() / (2 * _STRENGTH)
        chances[each, right] -= 1
        slope = np.vstack([columns @ chances + weights[:-1] / _STRENGTH, chances.sum(axis=0)])
        return float(total), slope.ravel()

    found = minimize(
        loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 60, "maxcor": 5}
    )
    return np.asarray(found.x).reshape(shape)
