"""Texts to write from, per unit, case type and language."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of, upsert
from services.casework.store.tables import templates


class Templates:
    """Templates within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def put(self, rows: Sequence[Row]) -> list[Row]:
        """Write templates; return those that changed."""
        return await upsert(self._conn, templates, rows, also=("changed_at",))

    async def get(self, template_id: str) -> Row | None:
        """Return one template."""
        return await row_of(self._conn, select(templates).where(templates.c.id == template_id))

    async def living(self) -> list[Row]:
        """Return every template that is in use, by name."""
        query = select(templates).where(~templates.c.deprecated).order_by(templates.c.name, templates.c.id)
        return await rows_of(self._conn, query)

    async def receipts(self) -> list[Row]:
        """Return the texts of receipts that are in use."""
        row = templates.c
        return await rows_of(self._conn, select(templates).where(row.kind == "receipt", ~row.deprecated))

    async def fitting(self, kind: str, unit: str, case_type: str | None) -> list[Row]:
        """Return the templates of a kind that a case of this unit and type may use, in every language."""
        row = templates.c
        ours = or_(row.unit.is_(None), row.unit == unit)
        typed = or_(row.case_type.is_(None), row.case_type == case_type) if case_type else row.case_type.is_(None)
        return await rows_of(self._conn, select(templates).where(row.kind == kind, ~row.deprecated, ours, typed))
