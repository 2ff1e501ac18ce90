"""The colours hold WCAG 2.2 AA, light and dark."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[3] / "shared/web/static/tokens.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\);", CSS))

TEXT_PAIRS = [
    ("ink", "paper"), ("ink", "card"), ("ink-2", "paper"), ("ink-2", "card"), ("accent", "card"), ("accent", "paper"),
    ("accent-ink", "accent"), ("ink", "accent-soft"), ("ink-2", "accent-soft"), ("accent", "accent-soft"),
    ("ok", "ok-soft"), ("ok", "card"), ("warn", "warn-soft"), ("warn", "card"), ("bad", "bad-soft"), ("bad", "card"),
    ("phone", "card"), ("email", "card"), ("visit", "card"), ("e_service", "card"), ("card", "ok"), ("ink", "bad-soft"),
]  # fmt: skip
EDGE_PAIRS = [("line-strong", "card"), ("line-strong", "paper"), ("focus", "card"), ("focus", "paper")]
EDGE_PAIRS += [("focus", "accent-soft"), ("accent", "line")]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(pair: tuple[str, str], theme: int) -> float:
    a, b = (luminance(COLOURS[name].split(", ")[theme]) for name in pair)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("pair", TEXT_PAIRS, ids="-on-".join)
def test_text_is_legible(pair, theme):
    assert contrast(pair, theme) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("pair", EDGE_PAIRS, ids="-on-".join)
def test_edges_are_seen(pair, theme):
    assert contrast(pair, theme) >= 3
