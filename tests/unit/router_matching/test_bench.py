"""The benchmark of matching keeps its contract: any file of its shape in, the promised keys in the last line out."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench import matching
from tests.bench.common import pairs

TRAIN = ["kalla element\tBostad | Värme | Kallt", "vi fryser\tBostad | Värme | Kallt", "hål i vägen\tGata | Hål"]
TEST = ["elementen är kalla\tBostad | Värme | Kallt", "stort hål\tGata | Hål"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    train, test = tmp_path / "a.tsv.gz", tmp_path / "b.tsv"
    train.write_bytes(gzip.compress("\n".join(TRAIN).encode()))
    test.write_text("\n".join(TEST), encoding="utf-8")
    return train, test


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["matching", *arguments])
    matching.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return result


def test_the_promised_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], files: tuple[Path, Path]
):
    result = run(monkeypatch, capsys, "--train", str(files[0]), "--test", str(files[1]))
    assert result.keys() >= {"top1", "top5", "ms_p50", "ms_p95", "learn_ms_p95", "model_mb", "baseline"}
    assert result.keys() >= {"unit", "top1_unit_known", "top5_unit_known"}
    assert (result["top1"], result["baseline"].keys()) == (100.0, {"top1", "top5"})


def test_few_a_class_in_several_draws(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], files: tuple[Path, Path]
):
    options = ("--per-class", "1", "--draws", "2", "--seed", "7")
    result = run(monkeypatch, capsys, "--train", str(files[0]), "--test", str(files[1]), *options)
    assert 0 <= result["top1"] <= 100


def test_a_line_without_a_tab_is_named(tmp_path: Path):
    broken = tmp_path / "x.tsv"
    broken.write_text("a\tb\nno tab\n")
    with pytest.raises(SystemExit, match=r"x\.tsv:2"):
        pairs(broken)
