"""What is installed at run time is used at run time."""

import re
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[3]
UNSEEN = {"httptools", "python-multipart", "tzdata", "psycopg", "uvloop"}
"""Loaded by name by what we import: uvicorn, Starlette, zoneinfo, SQLAlchemy."""


def required() -> set[str]:
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    return {plain(found[0]) for line in lines if (found := re.match(r"[A-Za-z0-9.-]+", line))}


def imported() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for top in ("shared", "services") for path in in_(top))
    modules = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))
    names = packages_distributions()
    return {plain(name) for module in modules for name in names.get(module, ())}


def plain(name: str) -> str:
    """Return a package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def in_(top: str) -> list[Path]:
    return sorted((ROOT / top).rglob("*.py"))


def test_every_required_package_is_imported():
    assert len(required()) > 20
    assert not required() - imported() - UNSEEN
