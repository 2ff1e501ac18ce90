"""Fitting: squared-hinge one-against-rest (a linear SVM), all types at once, by Newton steps with conjugate gradients.

Deterministic: the same examples and seed give the same model. A tenth of the examples is held out first, which gives
the temperature and a check that a broken fit cannot pass; then all of them are fitted.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from services.router.domain.matching.features import Floats, Reader, idf_of, weigh, words
from services.router.domain.matching.model import Model, softmax

RECIPE = "svm-4"
"""Part of every version: changes when the features or the fit change."""

_C = np.float32(1.0)
_NEWTON, _NEWTON_AGAIN, _GRADIENTS = 3, 2, 3
"""Newton steps from nothing, from what most of the examples taught, and gradients in each."""
_TEMPERATURES = np.geomspace(0.05, 1.0, 30)
_FEWEST_HELD_OUT = 50


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the label that is right for it."""

    text: str
    label: str


def version_of(examples: Sequence[Example], seed: int = 1) -> str:
    """Return the name of the model that these examples give; their order does not matter."""
    digest = hashlib.sha256(f"{RECIPE}:{seed}".encode())
    for text, label in sorted((example.text, example.label) for example in examples):
        digest.update(f"\x1e{label}\x1f{text}".encode())
    return f"{RECIPE}-{digest.hexdigest()[:12]}"


def fit(examples: Sequence[Example], *, seed: int = 1) -> Model:
    """Return the model of the examples."""
    ordered = sorted(examples, key=lambda example: (example.label, example.text))
    classes = tuple(sorted({example.label for example in ordered}))
    column = {label: index for index, label in enumerate(classes)}
    right = np.array([column[example.label] for example in ordered], dtype=np.int64)
    counts = Reader().counts([words(example.text) for example in ordered])
    idf = idf_of(counts)
    rows = weigh(counts, idf)
    trial = _hold_out(rows, right, len(classes), seed)
    weights = _solve(rows, right, trial.weights, _NEWTON if trial.checked == 0 else _NEWTON_AGAIN)
    return Model(version_of(examples, seed), classes, idf, weights, trial.temperature, trial.checked)


@dataclass(frozen=True, slots=True)
class _Trial:
    """What nine tenths of the examples taught, and what the last tenth says about it."""

    weights: Floats
    temperature: float
    checked: float


def _hold_out(rows: sparse.csr_matrix, right: npt.NDArray[np.int64], classes: int, seed: int) -> _Trial:
    """Return the best temperature and the share placed right, of a tenth that the fit has not seen."""
    order = np.random.default_rng(seed).permutation(len(right))
    held, kept = order[: len(order) // 10], order[len(order) // 10 :]
    nothing = np.zeros((rows.shape[1], classes), np.float32)
    if len(held) < _FEWEST_HELD_OUT:
        return _Trial(nothing, 0.3, 0.0)
    weights = _solve(rows[kept], right[kept], nothing, _NEWTON)
    scores = np.asarray(rows[held] @ weights)
    losses = [_loss(np.asarray(scores / each, np.float32), right[held]) for each in _TEMPERATURES]
    checked = float(np.mean(scores.argmax(axis=1) == right[held]))
    return _Trial(weights, float(_TEMPERATURES[int(np.argmin(losses))]), checked)


def _loss(logits: Floats, right: npt.NDArray[np.int64]) -> float:
    chances = softmax(logits)[np.arange(len(right)), right]
    return float(-np.log(np.maximum(chances, 1e-9)).mean())


def _solve(rows: sparse.csr_matrix, right: npt.NDArray[np.int64], start: Floats, steps: int) -> Floats:
    columns = rows.T.tocsr()
    target = np.full((rows.shape[0], start.shape[1]), -1.0, np.float32)
    target[np.arange(len(right)), right] = 1.0
    weights = start
    for _ in range(steps):
        active = ((target * (rows @ weights)) < 1.0).astype(np.float32)
        weights = _descend(rows, columns, active, target, weights)
    return weights


def _descend(
    rows: sparse.csr_matrix, columns: sparse.csr_matrix, active: Floats, target: Floats, start: Floats
) -> Floats:
    """Solve (I + 2C·XᵀDX) w = 2C·XᵀDy for every class at once; D holds the examples inside the margin."""
    double = np.float32(2.0) * _C

    def curve(direction: Floats) -> Floats:
        return np.asarray(direction + double * (columns @ (active * (rows @ direction))), dtype=np.float32)

    found = start.copy()
    rest = double * (columns @ (active * target)) - curve(found)
    direction = rest.copy()
    size = (rest * rest).sum(axis=0)
    for _ in range(_GRADIENTS):
        bent = curve(direction)
        length = size / np.maximum((direction * bent).sum(axis=0), 1e-20)
        found += length * direction
        rest -= length * bent
        shrunk = (rest * rest).sum(axis=0)
        direction = rest + (shrunk / np.maximum(size, 1e-20)) * direction
        size = shrunk
    return found
