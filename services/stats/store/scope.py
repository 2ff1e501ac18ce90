"""Whose numbers may be seen: every read is bounded by the units of the person who asks."""

from collections.abc import Collection
from typing import Any

from services.stats.domain.cube import DIMENSIONS

Units = frozenset[str] | None
"""Unit ids that bound a read; None is no bound."""

WITHIN = "(CAST(:all_units AS boolean) OR unit = ANY(CAST(:units AS text[])))"
"""The condition; its parameters are those of `bound`."""


def bound(units: Units) -> dict[str, Any]:
    """Return the parameters of `WITHIN`."""
    return {"all_units": units is None, "units": sorted(units or ())}


def columns_of(by: Collection[str]) -> tuple[str, ...]:
    """Return the dimensions among `by`, in the cube's order: only known names ever reach SQL."""
    return tuple(name for name in DIMENSIONS if name in by)
