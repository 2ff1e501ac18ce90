"""Contacts of casework, many at a time: what `contacts` and `routing` say, in either order, each row once.

Rows are written in the order of their ids, so that two batches never wait for each other in a circle; whoever has
written a contact's row holds it until the end of the transaction, so that opening its case is decided once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import TextClause, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.own_side import of_unit
from services.casework.store.sql import Columns, Row, records, row_of, rows_of
from services.casework.store.tables import contacts
from shared.vocabulary import WorkKind

_RECEIVED = Columns(
    id="text",
    case_id="text",
    channel="text",
    entrance="text",
    unit="text",
    language="text",
    received_at="timestamptz",
    sender_name="text",
    sender_email="text",
    sender_phone="text",
    person_key="text",
    subject="text",
    body="text",
    full_body="text",
    fields="jsonb",
    form="text",
    attachments="jsonb",
    original_key="text",
    message_id="text",
    reference_ids="text[]",
    ticket="text",
    automatic="boolean",
    unreadable="boolean",
    flags="text[]",
    linked_case="text",
    follows="text",
)
_ROUTED = Columns(
    id="text",
    channel="text",
    entrance="text",
    unit="text",
    language="text",
    received_at="timestamptz",
    person_key="text",
    follows="text",
    candidates="jsonb",
    checklist_id="text",
    checklist_version="integer",
    queue="text",
    priority="text",
    due_at="timestamptz",
    why="text[]",
    taken_over="text",
    kind="text",
)
_ACCEPTED = Columns(
    id="text",
    channel="text",
    entrance="text",
    unit="text",
    received_at="timestamptz",
    queue="text",
    agent_id="text",
    epoch="bigint",
    accepted_at="timestamptz",
    waited_seconds="double precision",
)
_OPENING = (
    "c.id, c.case_id, c.arrived, c.routed, c.channel, c.entrance, c.unit, c.language, c.received_at, c.person_key, "
    "c.sender_name, c.sender_email, c.subject, c.message_id, c.automatic, c.unreadable, c.follows, c.candidates, "
    "c.checklist_id, c.checklist_version, c.priority, c.due_at, c.agent_id, c.accepted_at, c.epoch, c.done_at, "
    "c.kind, c.about"
)
"""What it takes to open, find or update the case of a contact."""


def _upsert(columns: Columns, extra: str, updates: str, where: str) -> TextClause:
    return text(
        f"INSERT INTO casework.contacts AS c ({columns.names}{', ' + extra if extra else ''}) "  # noqa: S608 - constants
        f"SELECT {columns.names}{', true' if extra else ''} FROM {columns.recordset} ORDER BY id "
        f"ON CONFLICT (id) DO UPDATE SET {updates} WHERE {where} RETURNING {_OPENING}"
    )


_ARRIVE = _upsert(
    _RECEIVED,
    "arrived",
    _RECEIVED.updates(without=("id", "case_id", "follows"))
    + ", arrived = true, case_id = COALESCE(c.case_id, excluded.case_id), "
    "follows = COALESCE(excluded.follows, c.follows)",
    "NOT c.arrived AND c.purged_at IS NULL",
)
_ROUTE = _upsert(
    _ROUTED,
    "routed",
    _ROUTED.updates(only=("candidates", "checklist_id", "checklist_version", "queue", "priority", "due_at", "why"))
    + ", routed = true, taken_over = COALESCE(excluded.taken_over, c.taken_over), "
    "follows = COALESCE(c.follows, excluded.follows), kind = COALESCE(NULLIF(c.kind, ''), excluded.kind), "
    "unit = CASE WHEN c.unit = '' THEN excluded.unit ELSE c.unit END, "
    "entrance = CASE WHEN c.entrance = '' THEN excluded.entrance ELSE c.entrance END",
    "c.purged_at IS NULL",
)
_ACCEPT = _upsert(
    _ACCEPTED,
    "",
    _ACCEPTED.updates(only=("agent_id", "epoch", "accepted_at", "waited_seconds"))
    + ", channel = COALESCE(c.channel, excluded.channel), "
    "received_at = COALESCE(c.received_at, excluded.received_at)",
    "c.epoch < excluded.epoch AND c.purged_at IS NULL",
)
_LINK = text(
    "UPDATE casework.contacts AS c SET case_id = r.case_id "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, case_id text) WHERE c.id = r.id"
)
_REQUEUE = text(
    "UPDATE casework.contacts AS c SET agent_id = NULL, accepted_at = NULL, epoch = GREATEST(c.epoch, r.epoch) "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, epoch bigint), casework.contacts AS before "
    "WHERE c.id = r.id AND before.id = c.id AND c.epoch <= r.epoch AND c.done_at IS NULL "
    "RETURNING c.case_id, before.agent_id, c.kind, c.about, c.id, c.channel, before.accepted_at, c.ended_at"
)
_TRANSFER = text(
    "UPDATE casework.contacts AS c SET agent_id = r.agent_id, epoch = r.epoch "  # noqa: S608 - constants
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, epoch bigint, agent_id text) "
    "WHERE c.id = r.id AND c.epoch <= r.epoch AND c.done_at IS NULL AND c.agent_id IS DISTINCT FROM r.agent_id "
    f"AND c.purged_at IS NULL RETURNING {_OPENING}"
)
_RETURN_CALL = text(
    "UPDATE casework.contacts AS c SET kind = 'return_call' "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, epoch bigint) "
    "WHERE c.id = r.id AND c.kind <> 'consult'"
)
_ASK = text(
    "INSERT INTO casework.contacts AS c (id, kind, about, asked, received_at) "
    "SELECT id, 'consult', about, asked, at FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(id text, about text, asked text, at timestamptz) ON CONFLICT (id) DO UPDATE SET kind = 'consult', "
    "about = excluded.about, asked = COALESCE(NULLIF(excluded.asked, ''), c.asked)"
)
_COMPLETE = text(
    "UPDATE casework.contacts AS c SET done_at = COALESCE(c.done_at, r.at), "
    "talk_seconds = GREATEST(c.talk_seconds, r.talk_seconds), "
    "after_work_seconds = GREATEST(c.after_work_seconds, r.after_work_seconds) "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, epoch bigint, at timestamptz, "
    "talk_seconds double precision, after_work_seconds double precision), casework.contacts AS before "
    "WHERE c.id = r.id AND before.id = c.id AND c.epoch <= r.epoch "
    "RETURNING c.id, c.case_id, c.agent_id, c.kind, c.about, c.after_work_seconds - before.after_work_seconds AS added"
)
_LEAVE = text(
    "UPDATE casework.contacts AS c SET ended_at = CASE WHEN c.ended_at IS NULL OR c.ended_at < c.accepted_at "
    "THEN GREATEST(c.ended_at, r.at) ELSE c.ended_at END, "
    "end_reason = COALESCE(c.end_reason, r.reason), talk_seconds = GREATEST(c.talk_seconds, r.talk_seconds) "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(id text, at timestamptz, reason text, talk_seconds double precision) WHERE c.id = r.id "
    "RETURNING c.agent_id, c.kind, c.about"
)

_READ = select(contacts, func.coalesce(of_unit(), False).label("of_unit"))


class Contacts:
    """The contacts table within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def arrive(self, rows: Sequence[Row]) -> list[Row]:
        """Write contacts as they were received; return those that had not arrived before."""
        return await self._write(_ARRIVE, rows)

    async def route(self, rows: Sequence[Row]) -> list[Row]:
        """Write what the router decided; return every row that is not erased."""
        return await self._write(_ROUTE, rows)

    async def accept(self, rows: Sequence[Row]) -> list[Row]:
        """Write who took them; return those where this is news (its epoch is the highest).

        One that is done stays done: the router offers no contact again whose case has ended.
        """
        return await self._write(_ACCEPT, rows)

    async def link(self, case_of: Mapping[str, str]) -> None:
        """Say which case the contacts belong to."""
        await self._write(_LINK, [{"id": contact, "case_id": case} for contact, case in sorted(case_of.items())])

    async def requeue(self, rows: Sequence[Row]) -> list[Row]:
        """Nobody has them any more; return their cases (`case_id`) and who had them (`agent_id`)."""
        return await self._write(_REQUEUE, rows)

    async def transfer(self, rows: Sequence[Row]) -> list[Row]:
        """Another agent has them now; return those where this is news."""
        return await self._write(_TRANSFER, rows)

    async def return_call(self, rows: Sequence[Row]) -> None:
        """Their citizens are called back."""
        await self._write(_RETURN_CALL, rows)

    async def ask(self, rows: Sequence[Row]) -> None:
        """Colleagues (`asked`) are asked about contacts: a question is a contact of its own that has no case."""
        await self._write(_ASK, rows)

    async def complete(self, rows: Sequence[Row]) -> list[Row]:
        """The agent is done with them; return who (`agent_id`), and what it was about if it was a question."""
        return await self._write(_COMPLETE, rows)

    async def leave(self, rows: Sequence[Row]) -> list[Row]:
        """The citizens are gone; return who was with them, and what it was about if it was a question."""
        return await self._write(_LEAVE, rows)

    async def done(self, contact_id: str, at: datetime) -> None:
        """Casework has ended its work on the contact."""
        sql = text("UPDATE casework.contacts SET done_at = COALESCE(done_at, :at) WHERE id = :id")
        await self._conn.execute(sql, {"id": contact_id, "at": at})

    async def get(self, contact_id: str) -> Row | None:
        """Return the row of one contact, with whether it is from the unit's side (`of_unit`)."""
        return await row_of(self._conn, _READ.where(contacts.c.id == contact_id))

    async def of_case(self, case_id: str) -> list[Row]:
        """Return the contacts of a case, oldest first, each with whether it is from the unit's side (`of_unit`)."""
        query = _READ.where(contacts.c.case_id == case_id)
        return await rows_of(self._conn, query.order_by(contacts.c.received_at.nulls_last(), contacts.c.id))

    async def of_units(self, ids: Sequence[str]) -> set[str]:
        """Return those of these contacts that are from the unit's side of their cases."""
        query = select(contacts.c.id).where(contacts.c.id.in_(sorted(ids)), of_unit())
        return {row["id"] for row in await rows_of(self._conn, query)}

    async def questions(self, about: str) -> list[Row]:
        """Return what colleagues are, or were, asked about a contact, oldest first."""
        query = select(contacts).where(contacts.c.about == about, contacts.c.kind == WorkKind.CONSULT)
        return await rows_of(self._conn, query.order_by(contacts.c.received_at.nulls_last(), contacts.c.id))

    async def holders(self, ids: Sequence[str]) -> list[str]:
        """Return the agents who hold these contacts."""
        wanted = contacts.c.id.in_(sorted(set(ids))) & contacts.c.agent_id.is_not(None)
        return [row["agent_id"] for row in await rows_of(self._conn, select(contacts.c.agent_id).where(wanted))]

    async def _write(self, sql: TextClause, rows: Sequence[Row]) -> list[Row]:
        return await rows_of(self._conn, sql, {"rows": records(rows)}) if rows else []
