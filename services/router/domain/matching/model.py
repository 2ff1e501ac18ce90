"""A linear model of case types: one column of weights per type, one matrix product per batch."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from services.router.domain.matching.features import Floats, Reader, weigh, words

_STEP = np.float32(0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The weights, what the buckets are worth and how sure a score is; `version` names the training set."""

    version: str
    classes: tuple[str, ...]
    idf: Floats
    weights: Floats
    """Shape (features, classes)."""
    temperature: float
    """Scores divided by it are logits whose softmax is a calibrated probability."""
    checked: float = 0.0
    """Share of held-out examples that it placed right when it was trained."""
    reader: Reader = field(default_factory=Reader, repr=False)

    def rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Return the weighed features of texts."""
        return weigh(self.reader.counts([words(text) for text in texts]), self.idf)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return the calibrated logits, shape (texts, classes); an empty text gives zeros."""
        return np.asarray(self.rows(texts) @ self.weights, dtype=np.float32) / np.float32(self.temperature)

    def learn(self, text: str, label: str) -> None:
        """Take one step towards `label` for `text`: the next message already feels it. Changes `weights` in place."""
        row = self.rows([text])
        chances = softmax(np.asarray(row @ self.weights / self.temperature, dtype=np.float32))[0]
        chances[self.classes.index(label)] -= 1.0
        self.weights[row.indices] -= _STEP * np.outer(row.data, chances)

    def to_bytes(self) -> bytes:
        """Return the model as one file; weights are kept in half precision."""
        head = {
            "version": self.version,
            "classes": self.classes,
            "temperature": self.temperature,
            "checked": self.checked,
        }
        out = io.BytesIO()
        np.savez(out, head=np.array(json.dumps(head)), idf=self.idf, weights=self.weights.astype(np.float16))
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Model":
        """Return the model that `to_bytes` wrote."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            head = json.loads(str(stored["head"]))
            return cls(
                version=head["version"],
                classes=tuple(head["classes"]),
                idf=stored["idf"],
                weights=stored["weights"].astype(np.float32),
                temperature=head["temperature"],
                checked=head["checked"],
            )


def softmax(logits: Floats) -> Floats:
    """Return probabilities, row by row."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
