"""The catalogue and the people: upserted as a whole, telling what really changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Table, Text, cast, func, null, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of, upsert
from services.casework.store.tables import case_types, checklist_versions, entrances, people, units
from shared import records
from shared.events import ChecklistRef


class CatalogueStore:
    """Units, entrances, case types, checklists and people within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn
        self._read: dict[tuple[str, str], Row | None] = {}

    async def hold(self) -> None:
        """Let no other import run at the same time."""
        await self._conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('casework.import', 0))"))

    async def put_units(self, rows: Sequence[Row], *, overwrite: bool) -> list[Row]:
        """Write units; what an earlier import or an editor said of them stays unless `overwrite`."""
        return await self._upsert(units, rows, None if overwrite else ("name",))

    async def put_entrances(self, rows: Sequence[Row]) -> list[Row]:
        """Write entrances."""
        return await self._upsert(entrances, rows)

    async def put_case_types(self, rows: Sequence[Row]) -> list[Row]:
        """Write case types; their checklists and examples stay."""
        return await self._upsert(case_types, rows, ("path", "unit", "area", "question", "typical_outcome", "share"))

    async def put_people(self, rows: Sequence[Row]) -> list[Row]:
        """Write people."""
        return await self._upsert(people, rows)

    async def put_examples(self, examples: Mapping[str, Sequence[str]]) -> list[Row]:
        """Write how residents put their case types; return those that changed."""
        self._read.clear()
        changed: list[Row] = []
        for case_type, texts in sorted(examples.items()):
            wanted = cast(list(texts), ARRAY(Text))
            query = update(case_types).where(case_types.c.id == case_type, case_types.c.examples != wanted)
            found = await self._conn.execute(query.values(examples=wanted).returning(case_types))
            changed.extend(found.mappings())
        return changed

    async def name_checklist(self, checklist_id: str, version: int, case_type: str) -> Row:
        """Let a case type name the live version of its checklist; return the case type."""
        self._read.clear()
        names = update(case_types).where(case_types.c.id == case_type)
        named = names.values(checklist_id=checklist_id, checklist_version=version).returning(case_types)
        return (await rows_of(self._conn, named))[0]

    async def unname(self, checklist_id: str, case_type: str | None = None) -> list[Row]:
        """Let every case type forget the checklist, but the one that it has moved to if there is one."""
        self._read.clear()
        query = update(case_types).where(case_types.c.checklist_id == checklist_id)
        if case_type is not None:
            query = query.where(case_types.c.id != case_type)
        gone = query.values(checklist_id=null(), checklist_version=null()).returning(case_types)
        return await rows_of(self._conn, gone)

    async def current_versions(self) -> dict[str, tuple[int, str]]:
        """Return version and hash of the current version of every checklist."""
        query = select(checklist_versions).where(checklist_versions.c.current)
        return {row["id"]: (row["version"], row["body_hash"]) for row in await rows_of(self._conn, query)}

    async def units(self) -> list[Row]:
        """Return all units by name."""
        return await self._all(units, units.c.name)

    async def entrances(self) -> list[Row]:
        """Return all entrances by name."""
        return await self._all(entrances, entrances.c.name)

    async def case_types(self, *, living: bool = False) -> list[Row]:
        """Return all case types by path, `living` without those that are deprecated."""
        query = select(case_types).order_by(case_types.c.path)
        return await rows_of(self._conn, query.where(~case_types.c.deprecated) if living else query)

    async def checklists(self) -> list[Row]:
        """Return the current version of every checklist."""
        query = select(checklist_versions).where(checklist_versions.c.current).order_by(checklist_versions.c.id)
        return await rows_of(self._conn, query)

    async def checklist_version(self, checklist_id: str, version: int) -> Row | None:
        """Return one version of a checklist that is or has been live."""
        query = select(checklist_versions).where(
            checklist_versions.c.id == checklist_id,
            checklist_versions.c.version == version,
            checklist_versions.c.published_at.is_not(None),
        )
        return await row_of(self._conn, query)

    async def people(self) -> list[Row]:
        """Return those who may log in, by name."""
        query = select(people).where(people.c.active).order_by(people.c.name)
        return await rows_of(self._conn, query)

    async def unit(self, unit_id: str) -> Row | None:
        """Return one unit."""
        return await self._get(units, unit_id)

    async def unit_called(self, name: str) -> Row | None:
        """Return the unit of an id or a name, whatever the case of its letters."""
        query = select(units).where(or_(units.c.id == name, func.lower(units.c.name) == name.lower()))
        return await row_of(self._conn, query)

    async def entrance(self, entrance_id: str) -> Row | None:
        """Return one entrance."""
        return await self._get(entrances, entrance_id)

    async def case_type(self, case_type_id: str) -> Row | None:
        """Return one case type."""
        return await self._get(case_types, case_type_id)

    async def person(self, person_id: str) -> Row | None:
        """Return one person."""
        return await self._get(people, person_id)

    async def set_away(self, person_id: str, until: datetime | None, substitute: str | None) -> bool:
        """Say until when a person is away and who stands in; False when there is no such person."""
        self._read.clear()
        query = update(people).where(people.c.id == person_id)
        done = await self._conn.execute(query.values(away_until=until, substitute=substitute))
        return done.rowcount > 0

    async def set_place(self, person_id: str, place: str | None) -> Row | None:
        """Say where a person receives visitors; returns her row if that is news."""
        self._read.clear()
        mine = (people.c.id == person_id) & people.c.place.is_distinct_from(place)
        return await row_of(self._conn, update(people).where(mine).values(place=place).returning(people))

    async def _get(self, table: Table, key: str) -> Row | None:
        """Return a row; read once in a transaction, until it writes something."""
        if (table.name, key) not in self._read:
            self._read[table.name, key] = await row_of(self._conn, select(table).where(table.c.id == key))
        return self._read[table.name, key]

    async def _all(self, table: Table, order: ColumnElement[Any]) -> list[Row]:
        return await rows_of(self._conn, select(table).order_by(order))

    async def _upsert(self, table: Table, rows: Sequence[Row], only: Sequence[str] | None = None) -> list[Row]:
        self._read.clear()
        return await upsert(self._conn, table, rows, only)


def unit_record(row: Row) -> records.UnitRecord:
    """Return what the others read of a unit."""
    return records.UnitRecord.model_validate(dict(row))


def entrance_record(row: Row) -> records.EntranceRecord:
    """Return what the others read of an entrance."""
    return records.EntranceRecord.model_validate({**row, "default": row["is_default"]})


def case_type_record(row: Row) -> records.CaseTypeRecord:
    """Return what the others read of a case type."""
    named = row["checklist_id"] and ChecklistRef(id=row["checklist_id"], version=row["checklist_version"])
    return records.CaseTypeRecord.model_validate({**row, "checklist": named or None})


def agent_profile(row: Row) -> records.AgentProfile:
    """Return what the others read of an agent."""
    names = ("id", "name", "skills", "languages", "capacity", "phone", "place", "signed_off")
    plain = {**row["terms"], **{name: row[name] for name in names}}
    plain["logins"] = (*plain.get("logins", ()), *filter(None, (row["email"],)))
    active = row["active"] and "agent" in row["roles"]
    return records.AgentProfile.model_validate({**plain, "channels": tuple(row["channels"]), "active": active})
