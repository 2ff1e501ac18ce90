"""What the documents point to is there: files, links, commands."""

import re
from pathlib import Path

import pytest

from deploy.local.paths import PROJECT

DOCUMENTS = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/RUNBOOK.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
    *sorted((PROJECT / "deploy").rglob("README.md")),
]
MADE = ("var/",)
"""Folders that are made when something runs."""
TOPS = "services|shared|deploy|tests|docs|var"
DECISIONS = sorted((PROJECT / "docs/adr").glob("0*.md"))


def named(text: str) -> set[str]:
    """Return the paths that a document names in backticks, from the top of the project."""
    return {found.rstrip("/") for found in re.findall(rf"`((?:{TOPS})/[\w./*-]+)`", text) if not found.startswith(MADE)}


def linked(text: str) -> set[str]:
    return {link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_path_that_a_document_names_is_there(document: Path):
    text = document.read_text(encoding="utf-8")
    assert not {path for path in named(text) if not any(PROJECT.glob(path))}
    assert not {link for link in linked(text) if not (document.parent / link).exists()}


def test_the_map_of_the_house_says_where_to_start():
    rows = re.findall(r"^\| `([\w/]+)` \|.*\| (.*) \|$", (PROJECT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    starts = [(room, start) for room, cell in rows for start in re.findall(r"`([^`]+)`", cell)]
    assert len(rows) == 7
    assert not [f"{room}/{start}" for room, start in starts if not any((PROJECT / room).glob(start.rstrip("/")))]


def test_every_command_that_a_document_names_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for document in DOCUMENTS:
        asked = set(re.findall(r"(?:`|^)make ([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE))
        assert asked <= targets, document


def test_every_decision_is_in_the_index_in_its_order():
    index = (PROJECT / "docs/adr/README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((0[\w-]+\.md)\)", index) == [path.name for path in DECISIONS]
    for path in DECISIONS:
        assert path.read_text(encoding="utf-8").startswith(f"# {path.name[:4]} ")
