"""Each complaint in docs/routing.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_complaint_names_tests_that_exist():
    text = (ROOT / "docs/routing.md").read_text(encoding="utf-8")
    table = text.split("## What users complain about", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "it happens elsewhere" not in line]
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests/integration/router").glob("test_*.py")
    )
    exist = set(re.findall(r"def (test_\w+)", tests))
    assert len(rows) == 13
    for row in rows:
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named, f"no test: {row}"
        assert named <= exist, f"no such test: {named - exist}"
