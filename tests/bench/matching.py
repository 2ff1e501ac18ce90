"""How well and how fast messages find their case type: `python -m tests.bench.matching --train A.tsv --test B.tsv`.

The baseline in the same run is words + logistic regression. With labels that are paths (`unit | … | question`) it also
says how often the unit is right, and what it is worth to know the unit as an entrance of that unit tells it (softly).
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.router.domain.matching.matcher import CaseType, Matcher, Query
from services.router.domain.matching.model import Model
from services.router.domain.matching.training import Example, fit
from tests.bench.baseline import WordsBaseline
from tests.bench.common import finish, pairs, percent, quantile, show

Pairs = Sequence[tuple[str, str]]
Ranked = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Score:
    """Per cent of messages whose label came first, and among the first five."""

    top1: float
    top5: float


def main() -> None:
    asked = arguments()
    train, test = pairs(asked.train), pairs(asked.test)
    titles = [(title, label) for label, title in pairs(asked.titles)] if asked.titles else []
    draws = [draw(train, asked.per_class, asked.seed + number) for number in range(asked.draws)]
    runs = [Run.of([*chosen, *titles], test, asked.seed) for chosen in (draws if asked.per_class else [train])]
    result = summary(runs, test)
    rows = [("ours", result["top1"], result["top5"]), ("words + LR", *result["baseline"].values())]
    if "unit" in result:
        rows.append(("ours, unit known", result["top1_unit_known"], result["top5_unit_known"]))
    show(f"{len(test)} messages, {len(runs)} draw(s)", ("recipe", "top-1 %", "top-5 %"), rows)
    cost = [
        (name, result[name])
        for name in ("ms_p50", "ms_p95", "learn_ms_p95", "model_mb", "fit_s", "unit")
        if name in result
    ]
    show("Cost on one core", ("measure", "value"), cost)
    finish(result)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="text<TAB>label, plain or .gz")
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--titles", type=Path, help="label<TAB>title: one more example a label")
    parser.add_argument("--per-class", type=int, default=0, help="examples a label; 0 takes them all, in one draw")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def draw(train: Pairs, per_class: int, seed: int) -> Pairs:
    """A random choice of so many examples a label."""
    order = np.random.default_rng(seed).permutation(len(train))
    seen: dict[str, int] = {}
    chosen = []
    for index in order:
        label = train[index][1]
        seen[label] = seen.get(label, 0) + 1
        if seen[label] <= per_class:
            chosen.append(train[index])
    return chosen


def score(ranked: Ranked, labels: Sequence[str]) -> Score:
    first = sum(row[0] == label for row, label in zip(ranked, labels, strict=True))
    among = sum(label in row[:5] for row, label in zip(ranked, labels, strict=True))
    return Score(percent(first, len(labels)), percent(among, len(labels)))


@dataclass(frozen=True)
class Run:
    """One draw: trained, asked and timed."""

    plain: Score
    known: Score
    unit: float
    baseline: Score
    each_ms: list[float]
    learn_ms: list[float]
    megabytes: float
    fit_seconds: float

    @classmethod
    def of(cls, train: Pairs, test: Pairs, seed: int) -> "Run":
        labels = [label for _, label in test]
        started = time.perf_counter()
        model = fit([Example(text, label) for text, label in train], seed=seed)
        seconds = time.perf_counter() - started
        matcher = Matcher(tuple(case_type(label) for label in model.classes), model)
        ranked = names(matcher, [Query(text) for text, _ in test])
        known = names(matcher, [Query(text, unit_of(label)) for text, label in test])
        base = WordsBaseline.fit(train).rank([text for text, _ in test])
        return cls(
            plain=score(ranked, labels),
            known=score(known, labels),
            unit=percent(sum(unit_of(a[0]) == unit_of(b) for a, b in zip(ranked, labels, strict=True)), len(labels)),
            baseline=score(base, labels),
            each_ms=timed(lambda pair: matcher.rank([Query(pair[0])]), test),
            learn_ms=learning(model, test),
            megabytes=(model.weights.nbytes + model.idf.nbytes) / 1e6,
            fit_seconds=seconds,
        )


def unit_of(label: str) -> str:
    return label.split(" | ", maxsplit=1)[0]


def case_type(label: str) -> CaseType:
    unit, *area, question = label.split(" | ") if " | " in label else ("", label)
    return CaseType(label, unit, " / ".join(area), question)


def names(matcher: Matcher, queries: Sequence[Query]) -> Ranked:
    return [[match.case_type.id for match in row] for row in matcher.rank(queries)]


def timed(act: Callable[[tuple[str, str]], object], items: Pairs) -> list[float]:
    """Milliseconds of each, one message at a time."""
    found = []
    for item in items[:1000]:
        started = time.perf_counter()
        act(item)
        found.append((time.perf_counter() - started) * 1e3)
    return found


def learning(model: Model, test: Pairs) -> list[float]:
    """Milliseconds of one correction each; comes last, because the model is changed by it."""
    known = [pair for pair in test if pair[1] in set(model.classes)]
    return timed(lambda pair: model.learn(pair[0], pair[1]), known[:200])


def summary(runs: Sequence[Run], test: Pairs) -> dict[str, Any]:
    def mean(values: Sequence[float]) -> float:
        return round(float(np.mean(values)), 1)

    each = [value for run in runs for value in run.each_ms]
    result: dict[str, Any] = {
        "top1": mean([run.plain.top1 for run in runs]),
        "top5": mean([run.plain.top5 for run in runs]),
        "ms_p50": quantile(each, 0.5),
        "ms_p95": quantile(each, 0.95),
        "learn_ms_p95": quantile([value for run in runs for value in run.learn_ms], 0.95),
        "model_mb": mean([run.megabytes for run in runs]),
        "fit_s": round(float(np.median([run.fit_seconds for run in runs])), 2),
        "baseline": {
            "top1": mean([run.baseline.top1 for run in runs]),
            "top5": mean([run.baseline.top5 for run in runs]),
        },
    }
    if all(" | " in label for _, label in test):
        result |= {
            "unit": mean([run.unit for run in runs]),
            "top1_unit_known": mean([run.known.top1 for run in runs]),
            "top5_unit_known": mean([run.known.top5 for run in runs]),
        }
    return result


if __name__ == "__main__":
    main()
