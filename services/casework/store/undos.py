"""Closes and hand-overs that may still be taken back: the case as it was, and their events, which nobody has heard.

The events are told when the time is up, or before anything else is told of the case: their order is that of the deeds.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, exists, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Columns, Row, row_of, rows_of
from services.casework.store.tables import cases, contacts, handovers, messages, undos
from shared.events import TimeAdded
from shared.publish import Message
from shared.topics import CASES
from shared.vocabulary import LIVE_CHANNELS

_BEFORE = Columns(
    state="text",
    agent_id="text",
    resolution="text",
    cause="text",
    closed_at="timestamptz",
    closed_by="text",
    first_contact="boolean",
    first_contact_wide="boolean",
    parked_until="timestamptz",
    waiting_since="timestamptz",
    due_at="timestamptz",
    due_missed="boolean",
    reported_seconds="double precision",
)
_SNAPSHOT = text(f"SELECT to_jsonb(r) FROM (SELECT {_BEFORE.names} FROM casework.cases WHERE id = :id) AS r")  # noqa: S608 - constants
_RESTORE = text(
    "UPDATE casework.cases AS k SET "  # noqa: S608 - constants
    f"{_BEFORE.updates().replace('excluded.', 'r.')} FROM {_BEFORE.recordset} WHERE k.id = :id"
)
_LATER = "UPDATE casework.{queue} SET next_at = :until WHERE case_id = :id AND created_at = :at AND next_at < :until "
_WAITS = "AND state = 'queued' AND attempts = 0"
_BACK = (
    "WITH mine AS (SELECT id, state = 'queued' AND attempts = 0 AS waits FROM casework.{queue} WHERE case_id = :id "
    "AND (created_at = :at OR created_at > :at AND kind = 'receipt') AND state <> 'undone' FOR UPDATE), "
    "gone AS (UPDATE casework.{queue} AS q SET state = 'undone', next_at = NULL FROM mine WHERE q.id = mine.id "
    "AND mine.waits) SELECT COALESCE(bool_and(waits), true) FROM mine"
)
_QUEUES = ("mails_out", "sms_out")
_PENDING = undos.c.told_at.is_(None) & undos.c.undone_at.is_(None)


class Undos:
    """Deeds that may be taken back, within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def snapshot(self, case_id: str) -> Any:
        """Return what a close or hand-over changes of a case, as it is now."""
        return await self._conn.scalar(_SNAPSHOT, {"id": case_id})

    async def restore(self, case_id: str, before: Any) -> None:
        """Make the case what it was."""
        await self._conn.execute(_RESTORE, {"id": case_id, "rows": orjson.dumps([before]).decode()})

    async def add(self, told: Sequence[Message], **values: object) -> None:
        """Write a deed with the events that are not told yet."""
        await self._conn.execute(insert(undos).values(events=[_packed(one) for one in told], **values))

    async def pending(self, case_id: str) -> Row | None:
        """Return and hold the deed of a case that may still be taken back."""
        return await row_of(self._conn, select(undos).where(undos.c.case_id == case_id, _PENDING).with_for_update())

    async def get(self, undo_id: str) -> Row | None:
        """Return one deed."""
        return await row_of(self._conn, select(undos).where(undos.c.id == undo_id))

    async def latest(self, by: str, now: datetime) -> Row | None:
        """Return the latest deed that somebody may still take back, with the number of its case."""
        query = select(undos, cases.c.number).join(cases, cases.c.id == undos.c.case_id)
        mine = query.where(undos.c.by == by, undos.c.until > now, _PENDING).order_by(undos.c.at.desc()).limit(1)
        return await row_of(self._conn, mine)

    async def undone(self, undo_id: str, now: datetime) -> None:
        """It is taken back; its events are never told."""
        await self._conn.execute(update(undos).where(undos.c.id == undo_id).values(undone_at=now, events=[]))

    async def release(self, events: Collection[Message]) -> list[Message]:
        """Return what must be told before these events: the deeds of their cases can be taken back no more."""
        ids = {one.key for one in events if one.topic is CASES}
        if not ids:
            return []
        condition = undos.c.case_id.in_(sorted(ids)) & _PENDING
        return await self._told(select(undos).where(condition).with_for_update(), max(one.time for one in events))

    async def due(self, now: datetime, limit: int) -> list[Message]:
        """Return what is to be told now that the time for taking it back is over."""
        query = select(undos).where(undos.c.until <= now, _PENDING).order_by(undos.c.until).limit(limit)
        return await self._told(query.with_for_update(skip_locked=True), now)

    async def append(self, event: Message) -> bool:
        """Let an event wait behind a deed's own; False when there is none that may be taken back."""
        row = await self.pending(event.key)
        if row is None:
            return False
        more = [*row["events"], _packed(event)]
        await self._conn.execute(update(undos).where(undos.c.id == row["id"]).values(events=more))
        return True

    async def hold_back(self, case_id: str, at: datetime, until: datetime) -> None:
        """Let what was queued for the case at a moment go out at `until` at the earliest."""
        for queue in _QUEUES:
            await self._conn.execute(
                text(_LATER.format(queue=queue) + _WAITS), {"id": case_id, "at": at, "until": until}
            )

    async def take_back(self, case_id: str, at: datetime) -> bool:
        """Never send what a deed queued; False when some of it is being sent or was (roll back, then)."""
        found = [await self._conn.scalar(text(_BACK.format(queue=one)), {"id": case_id, "at": at}) for one in _QUEUES]
        return all(found)

    async def replies(self, case_id: str, by: str, at: datetime) -> list[Row]:
        """Return the replies that were written with a deed."""
        row = messages.c
        mine = (row.case_id == case_id) & (row.author == by) & (row.at == at) & (row.kind == "reply")
        return await rows_of(self._conn, select(messages).where(mine, row.undone_at.is_(None)))

    async def forget_handover(self, handover_id: str) -> bool:
        """Take a hand-over away that nobody has touched; False when somebody has."""
        untouched = (handovers.c.id == handover_id) & (handovers.c.state == "sent") & handovers.c.assignee.is_(None)
        gone = delete(handovers).where(untouched).returning(handovers.c.id)
        return (await self._conn.execute(gone)).scalar_one_or_none() is not None

    async def talks(self, agent_id: str, but: str) -> bool:
        """Return whether an agent has a call or a visitor, apart from one contact."""
        live = contacts.c.channel.in_(sorted(one.value for one in LIVE_CHANNELS))
        hers = (contacts.c.agent_id == agent_id) & contacts.c.done_at.is_(None) & contacts.c.ended_at.is_(None)
        query = select(exists().where(hers, live, contacts.c.id != but))
        return bool(await self._conn.scalar(query))

    async def undo_contact(self, contact_id: str, at: datetime) -> None:
        """The work on a contact goes on that a deed at this moment had ended."""
        sql = text("UPDATE casework.contacts SET done_at = NULL WHERE id = :id AND done_at >= :at")
        await self._conn.execute(sql, {"id": contact_id, "at": at})

    async def _told(self, query: Any, now: datetime) -> list[Message]:
        rows = await rows_of(self._conn, query)
        if rows:
            over = undos.c.id.in_([row["id"] for row in rows])
            await self._conn.execute(update(undos).where(over).values(told_at=now, events=[]))
        return [_unpacked(one) for row in rows for one in row["events"]]


def waits(event: Message) -> bool:
    """Return whether an event says nothing of where the case is, so that it may wait behind one that does."""
    return event.type == TimeAdded.event_type


def _packed(event: Message) -> dict[str, str | None]:
    said = event.value.decode() if event.value is not None else None
    times = {"time": event.time.isoformat(), "traceparent": event.traceparent}
    return {"topic": event.topic.name, "key": event.key, "type": event.type, "id": event.id, "value": said, **times}


def _unpacked(said: Row) -> Message:
    value = said["value"].encode() if said["value"] is not None else None
    at = datetime.fromisoformat(said["time"])
    return Message(CASES, said["key"], said["type"], said["id"], value, at, said["traceparent"])
