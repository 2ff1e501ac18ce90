"""Versions of checklists through their life: one row each, its history, and what owners have been told of it.

Whoever changes a checklist holds it first, so that two acts on one checklist are done one after the other.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, insert, literal, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.domain.checklist import Checklist
from services.casework.domain.lifecycle import IN_WORK, Phase, Version
from services.casework.store.bodies import body_of, checklist_from
from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import checklist_history, checklist_reminders, checklist_versions, people
from shared.errors import NotFoundError
from shared.vocabulary import Role

_V = checklist_versions.c
_SAME = (
    "unit",
    "revision",
    "example",
    "author",
    "author_name",
    "based_on",
    "falls_back_to",
    "valid_from",
    "scheduled",
    "urgent_until",
    "urgent_reason",
    "note",
    "changed_at",
    "approved_by",
    "published_at",
    "review_by",
    "current",
)
Units = frozenset[str] | None
"""The units that bound a query; None is no bound."""


def hash_of(checklist: Checklist) -> str:
    """Return what tells two contents of a checklist apart."""
    return hashlib.sha256(orjson.dumps(body_of(checklist), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _version(row: Row) -> Version:
    checklist = checklist_from(row["body"], row["version"])
    return Version(checklist, Phase(row["phase"]), **{name: row[name] for name in _SAME})


def _seen(units: Units) -> ColumnElement[bool]:
    return true() if units is None else _V.unit.in_(sorted(units))


class Versions:
    """Versions of checklists within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def hold(self, checklist_id: str) -> None:
        """Let nobody else change this checklist before the transaction is over."""
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended('casework.checklist.' || :id, 0))")
        await self._conn.execute(lock, {"id": checklist_id})

    async def find(self, checklist_id: str, number: int, units: Units = None) -> Version | None:
        """Return one version, whatever its phase, if it is of one of these units."""
        row = await row_of(
            self._conn,
            select(checklist_versions).where(_V.id == checklist_id, _V.version == number, _seen(units)),
        )
        return _version(row) if row else None

    async def get(self, checklist_id: str, number: int, units: Units = None) -> Version:
        """Return one version; NotFoundError when there is none or the reader may not see it."""
        found = await self.find(checklist_id, number, units)
        if found is None:
            raise NotFoundError
        return found

    async def live(self, checklist_id: str) -> Version | None:
        """Return the version that new runs begin with."""
        row = await row_of(self._conn, select(checklist_versions).where(_V.id == checklist_id, _V.current))
        return _version(row) if row else None

    async def head(self, checklist_id: str) -> Row | None:
        """Return which version is live, and how, without its content."""
        query = select(_V.version, _V.phase, _V.urgent_reason, _V.published_at)
        return await row_of(self._conn, query.where(_V.id == checklist_id, _V.current))

    async def in_work(self, checklist_id: str) -> Version | None:
        """Return the version that is written, reviewed or waits for its day."""
        phases = [phase.value for phase in IN_WORK]
        row = await row_of(self._conn, select(checklist_versions).where(_V.id == checklist_id, _V.phase.in_(phases)))
        return _version(row) if row else None

    async def asked(self, request_key: str) -> Version | None:
        """Return the version that a request has made already."""
        row = await row_of(self._conn, select(checklist_versions).where(_V.request_key == request_key))
        return _version(row) if row else None

    async def listed(
        self, units: Units, phases: Collection[Phase] | None = None, checklist_id: str | None = None
    ) -> list[Version]:
        """Return versions in some phases (None: all), by checklist, the newest first."""
        query = select(checklist_versions).where(_seen(units)).order_by(_V.id, _V.version.desc())
        if phases is not None:
            query = query.where(_V.phase.in_([phase.value for phase in phases]))
        if checklist_id is not None:
            query = query.where(_V.id == checklist_id)
        return [_version(row) for row in await rows_of(self._conn, query)]

    async def next_number(self, checklist_id: str) -> int:
        """Return the number of the next version: none is ever used twice."""
        used = await self._conn.scalar(select(func.max(_V.version)).where(_V.id == checklist_id))
        return (used or 0) + 1

    async def add(self, version: Version, request_key: str = "") -> None:
        """Write a new version."""
        await self._conn.execute(
            insert(checklist_versions).values(
                id=version.id, version=version.number, request_key=request_key, **_columns(version)
            )
        )

    async def save(self, version: Version, *, content: bool = False) -> None:
        """Write what has become of a version; its `content` too when that was changed, which only a draft's is."""
        values = _columns(version)
        if not content:
            del values["body"], values["body_hash"], values["case_type"]
        here = (_V.id == version.id) & (_V.version == version.number)
        await self._conn.execute(update(checklist_versions).where(here).values(**values))

    async def due(self, now: datetime, most: int) -> list[tuple[str, int]]:
        """Return versions that the clock has something to do with: their day has come, or their time is up."""
        waits = (_V.phase == Phase.APPROVED.value) & _V.scheduled & (_V.valid_from <= now)
        fell = (_V.phase == Phase.URGENT.value) & (_V.urgent_until <= now)
        query = select(_V.id, _V.version).where(or_(waits, fell)).order_by(_V.id).limit(most)
        return [(row["id"], row["version"]) for row in await rows_of(self._conn, query)]

    async def write_down(
        self, version: Version, at: datetime, *, by: str, by_name: str, what: str, facts: Mapping[str, Any]
    ) -> None:
        """Write one act in the history."""
        row = {"checklist_id": version.id, "version": version.number, "at": at, "by": by, "by_name": by_name}
        await self._conn.execute(insert(checklist_history).values(**row, what=what, facts=dict(facts)))

    async def history(self, checklist_id: str) -> list[Row]:
        """Return every act on a checklist, oldest first."""
        query = select(checklist_history).where(checklist_history.c.checklist_id == checklist_id)
        return await rows_of(self._conn, query.order_by(checklist_history.c.id))

    async def remind_once(self, checklist_id: str, number: int, reason: str, at: datetime) -> bool:
        """Note that a reason is told of a version; False when it was told before."""
        row = {"checklist_id": checklist_id, "version": number, "reason": reason, "at": at}
        fresh = pg_insert(checklist_reminders).values(**row).on_conflict_do_nothing()
        done = await self._conn.execute(fresh.returning(checklist_reminders.c.version))
        return done.scalar_one_or_none() is not None

    async def owners(self, unit: str) -> list[Row]:
        """Return those who own the checklists of a unit and have an address, by name; nobody who owns all units."""
        mine = literal(unit) == func.any(people.c.units)
        owns = literal(Role.OWNER.value) == func.any(people.c.roles)
        query = select(people).where(people.c.active, mine, owns, people.c.email.is_not(None))
        return await rows_of(self._conn, query.order_by(people.c.name))


def _columns(version: Version) -> dict[str, Any]:
    return {
        "case_type": version.checklist.case_type,
        "body": body_of(version.checklist),
        "body_hash": hash_of(version.checklist),
        "phase": version.phase.value,
        **{name: getattr(version, name) for name in _SAME},
    }
