"""Invented contacts and runs through them, within one transaction; nothing here is told to anybody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of, upsert
from services.casework.store.tables import case_types, people, practice_exercises, practice_runs, units

MOST = 500
"""Rows of a list."""
Units = frozenset[str] | None
"""Unit ids that bound a list; None is all."""


class Practice:
    """Exercises and runs."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def put(self, rows: Sequence[Row]) -> list[Row]:
        """Write exercises; return those that are new or other than before."""
        return await upsert(self._conn, practice_exercises, rows)

    async def retire(self, ids: Sequence[str]) -> None:
        """Offer these no more."""
        if ids:
            gone = update(practice_exercises).where(practice_exercises.c.id.in_(ids))
            await self._conn.execute(gone.values(active=False))

    async def exercises(self) -> list[Row]:
        """Return those that can be practised, by unit, with whether their checklist is live."""
        query = _listed().where(practice_exercises.c.active)
        order = (units.c.name, practice_exercises.c.channel.desc(), practice_exercises.c.id)
        return await rows_of(self._conn, query.order_by(*order).limit(MOST))

    async def exercise(self, exercise_id: str) -> Row | None:
        """Return one."""
        return await row_of(self._conn, _listed().where(practice_exercises.c.id == exercise_id))

    async def begin(self, row: Row) -> None:
        """Write a run that begins; nothing when she has one of that exercise."""
        await self._conn.execute(insert(practice_runs).values(row).on_conflict_do_nothing())

    async def open_run(self, agent_id: str, exercise_id: str) -> Row | None:
        """Return her run of an exercise that has not ended."""
        mine = (practice_runs.c.agent_id == agent_id, practice_runs.c.exercise_id == exercise_id)
        return await row_of(self._conn, select(practice_runs).where(*mine, practice_runs.c.ended_at.is_(None)))

    async def open_of(self, agent_id: str) -> dict[str, str]:
        """Return her runs that have not ended, by exercise."""
        mine = (practice_runs.c.agent_id == agent_id, practice_runs.c.ended_at.is_(None))
        query = select(practice_runs.c.id, practice_runs.c.exercise_id).where(*mine)
        return {row["exercise_id"]: row["id"] for row in await rows_of(self._conn, query)}

    async def leave(self, run_id: str) -> None:
        """Take away a run that has not ended: it counts for nothing."""
        gone = practice_runs.delete().where(practice_runs.c.id == run_id, practice_runs.c.ended_at.is_(None))
        await self._conn.execute(gone)

    async def run(self, run_id: str, *, hold: bool = False) -> Row | None:
        """Return one run, held until the transaction ends if asked."""
        query = select(practice_runs).where(practice_runs.c.id == run_id)
        return await row_of(self._conn, query.with_for_update() if hold else query)

    async def change(self, run_id: str, **values: object) -> None:
        """Write some columns of a run."""
        await self._conn.execute(update(practice_runs).where(practice_runs.c.id == run_id).values(**values))

    async def of_agent(self, agent_id: str) -> dict[str, Row]:
        """Return by exercise how often an agent has ended it, and how often well."""
        mine = (practice_runs.c.agent_id == agent_id, practice_runs.c.ended_at.is_not(None))
        query = select(practice_runs.c.exercise_id, *_counted()).where(*mine).group_by(practice_runs.c.exercise_id)
        return {row["exercise_id"]: row for row in await rows_of(self._conn, query)}

    async def results(self, within: Units) -> list[Row]:
        """Return per agent and unit what has been practised: runs, runs that went well, different ones among them."""
        query = (
            select(practice_runs.c.agent_id, practice_runs.c.unit, *_counted())
            .where(practice_runs.c.ended_at.is_not(None), within_units(practice_runs.c.unit, within))
            .group_by(practice_runs.c.agent_id, practice_runs.c.unit)
        )
        return await rows_of(self._conn, query.limit(MOST * 10))

    async def runs_of(self, agent_id: str, unit: str) -> list[Row]:
        """Return an agent's ended runs of a unit, newest first."""
        mine = (practice_runs.c.agent_id == agent_id, practice_runs.c.unit == unit)
        of_run = practice_runs.join(practice_exercises, practice_exercises.c.id == practice_runs.c.exercise_id)
        named = (practice_exercises.c.channel, practice_exercises.c.name)
        query = select(practice_runs, *named).select_from(of_run).where(*mine, practice_runs.c.ended_at.is_not(None))
        return await rows_of(self._conn, query.order_by(practice_runs.c.ended_at.desc()).limit(MOST))

    async def agents(self) -> list[Row]:
        """Return those who work at the desk, by name."""
        query = select(people).where(people.c.active, literal("agent") == any_(people.c.roles))
        return await rows_of(self._conn, query.order_by(people.c.name))

    async def forget(self, before: datetime) -> int:
        """Erase the runs that began before a day; returns how many."""
        gone = await self._conn.execute(practice_runs.delete().where(practice_runs.c.started_at < before))
        return gone.rowcount


def _counted() -> tuple[ColumnElement[Any], ...]:
    passed = practice_runs.c.passed
    return (
        func.count().label("runs"),
        func.count().filter(passed).label("passed"),
        func.count(practice_runs.c.exercise_id.distinct()).filter(passed).label("different"),
        func.max(practice_runs.c.ended_at).label("last_at"),
    )


def within_units(column: ColumnElement[str], within: Units) -> ColumnElement[bool]:
    """Return whether a row is of these units."""
    return column.is_not(None) if within is None else column.in_(sorted(within))


def _listed() -> Select[tuple[object, ...]]:
    of_type = practice_exercises.outerjoin(case_types, case_types.c.id == practice_exercises.c.case_type)
    whole = of_type.join(units, units.c.id == practice_exercises.c.unit)
    names = (units.c.name.label("unit_name"), case_types.c.question, case_types.c.path)
    live = (case_types.c.checklist_id.label("list_id"), case_types.c.checklist_version.label("list_version"))
    return select(practice_exercises, *names, *live).select_from(whole)
