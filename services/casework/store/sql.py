"""Many rows in one statement: a JSON array that PostgreSQL reads as a typed record set."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import orjson
from sqlalchemy import Executable, Table, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[str, Any]
"""A row, read or to be written, by column name."""


class Columns:
    """Some columns of a table with their types."""

    def __init__(self, **types: str) -> None:
        self._types = types

    @property
    def names(self) -> str:
        """The names, comma separated."""
        return ", ".join(self._types)

    @property
    def recordset(self) -> str:
        """The FROM item that reads the parameter `:rows`."""
        typed = ", ".join(f"{name} {kind}" for name, kind in self._types.items())
        return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({typed})"

    def updates(self, *, without: Iterable[str] = (), only: Iterable[str] | None = None) -> str:
        """Return the SET list that takes the new row's values."""
        names = [name for name in only or self._types if name not in set(without)]
        return ", ".join(f"{name} = excluded.{name}" for name in names)


def records(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as the JSON parameter of a record set, without the NUL that PostgreSQL cannot hold."""
    text = orjson.dumps(list(rows)).decode()
    return text.replace("\\u0000", "") if "\\u0000" in text else text


async def rows_of(conn: AsyncConnection, query: Executable, params: Row | None = None) -> list[Row]:
    """Return every row of a query as a mapping."""
    result = await conn.execute(query, params)
    return cast("list[Row]", list(result.mappings())) if result.returns_rows else []


async def row_of(conn: AsyncConnection, query: Executable, params: Row | None = None) -> Row | None:
    """Return the only row of a query, or None when there is none."""
    return cast("Row | None", (await conn.execute(query, params)).mappings().one_or_none())


async def upsert(
    conn: AsyncConnection,
    table: Table,
    rows: Sequence[Row],
    only: Sequence[str] | None = None,
    also: Sequence[str] = (),
) -> list[Row]:
    """Insert or update by id; return the rows that are new or other than before.

    `only` are the columns that an update writes; `also` are those it writes, too, but only when another has changed.
    """
    if not rows:
        return []
    fresh = insert(table).values(list(rows))
    names = [name for name in only or rows[0] if name != "id"]
    changed = or_(*(table.c[name].is_distinct_from(fresh.excluded[name]) for name in names if name not in also))
    updates = {name: fresh.excluded[name] for name in names}
    query = fresh.on_conflict_do_update(index_elements=["id"], set_=updates, where=changed).returning(table)
    return await rows_of(conn, query)
