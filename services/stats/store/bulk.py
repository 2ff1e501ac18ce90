"""Many rows in one statement: arrays go in, `unnest` makes rows of them, and what is there already is merged."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Bulk:
    """The insert-or-merge of one table: `add` columns are summed, the others replaced by the newest."""

    def __init__(
        self,
        table: str,
        columns: Mapping[str, str],
        *,
        key: Sequence[str],
        add: Sequence[str] = (),
        where: str = "",
        on_conflict: str = "",
    ) -> None:
        self.columns = tuple(columns)
        name = table.rpartition(".")[2]
        changes = ", ".join(
            f"{one} = {name}.{one} + excluded.{one}" if one in add else f"{one} = excluded.{one}"
            for one in columns
            if one not in key
        )
        merge = on_conflict or f"DO UPDATE SET {changes}" + (f" WHERE {where}" if where else "")
        arrays = ", ".join(f"CAST(:{one} AS {kind}[])" for one, kind in columns.items())
        self._statement = text(
            f"INSERT INTO {table} AS {name} ({', '.join(columns)}) "  # noqa: S608 - names are ours, values are bound
            f"SELECT * FROM unnest({arrays}) ON CONFLICT ({', '.join(key)}) {merge}"
        )

    async def write(self, conn: AsyncConnection, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """Write rows (in the order of `columns`) in one statement; returns what the statement returns, first column."""
        turned = list(zip(*rows, strict=True))
        if not turned:
            return []
        result = await conn.execute(self._statement, dict(zip(self.columns, map(list, turned), strict=True)))
        return list(result.scalars()) if result.returns_rows else []
