"""First-contact resolution in the cases table: what speaks against it, and withdrawing it, many at a time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of

_ONCE = text(
    "SELECT k.contact_count <= 1 AND k.reopened = 0 AND k.first_contact_withdrawn_at IS NULL AND k.parked_by = '' "
    "AND (SELECT count(*) FROM casework.contacts AS c WHERE c.case_id = k.id) <= 1 "
    "AND NOT EXISTS (SELECT FROM casework.handovers AS h WHERE h.case_id = k.id) "
    "AND NOT EXISTS (SELECT FROM casework.call_tries AS t WHERE t.case_id = k.id) "
    "AND NOT EXISTS (SELECT FROM casework.case_history AS y WHERE y.case_id = k.id "
    "AND y.what IN ('park', 'return_call', 'absorb')) AS once "
    "FROM casework.cases AS k WHERE k.id = :id"
)
_FACTS = "k.id, k.number, k.contact_id, k.channel, k.unit, k.case_type, k.closed_at"
_REOPENED = text(
    "UPDATE casework.cases AS k SET reopened = k.reopened + 1, first_contact_withdrawn_at = CASE "  # noqa: S608 - constants
    "WHEN k.first_contact OR k.first_contact_wide THEN COALESCE(k.first_contact_withdrawn_at, :at) "
    "ELSE k.first_contact_withdrawn_at END, first_contact_withdrawn_why = CASE "
    "WHEN (k.first_contact OR k.first_contact_wide) AND k.first_contact_withdrawn_at IS NULL THEN :why "
    f"ELSE k.first_contact_withdrawn_why END WHERE k.id = :id RETURNING {_FACTS}, "
    "(k.first_contact OR k.first_contact_wide) AND k.first_contact_withdrawn_at = :at AS news"
).bindparams(bindparam("at", type_=TIMESTAMP(timezone=True)))
# A case is looked for from the later one: by its person, whose cases are few. Rows are held in the order of their ids.
CAME_BACK = text(
    "WITH found AS (SELECT DISTINCT ON (k.id) k.id, b.id AS by_case FROM casework.cases AS b "  # noqa: S608 - constants
    "LEFT JOIN casework.contacts AS c ON c.id = b.contact_id "
    "JOIN casework.cases AS k ON k.person_key = b.person_key AND k.case_type = b.case_type AND k.id <> b.id "
    "LEFT JOIN casework.unit_terms AS t ON t.unit = k.unit "
    "WHERE b.id = ANY(:ids) AND b.person_key IS NOT NULL AND k.state = 'closed' AND k.merged_into IS NULL "
    "AND (k.first_contact OR k.first_contact_wide) AND k.first_contact_withdrawn_at IS NULL "
    "AND k.closed_at <= COALESCE(c.received_at, b.opened_at) AND k.closed_at > COALESCE(c.received_at, b.opened_at) "
    "- make_interval(days => COALESCE(t.repeat_days, :days)) ORDER BY k.id, b.opened_at), "
    "held AS (SELECT k.id FROM casework.cases AS k WHERE k.id IN (SELECT id FROM found) "
    "AND k.first_contact_withdrawn_at IS NULL ORDER BY k.id FOR UPDATE) "
    "UPDATE casework.cases AS k SET first_contact_withdrawn_at = :at, first_contact_withdrawn_why = :why, "
    "version = k.version + 1, changed_at = :at FROM held JOIN found ON found.id = held.id "
    f"WHERE k.id = held.id RETURNING {_FACTS}, found.by_case"
).bindparams(bindparam("at", type_=TIMESTAMP(timezone=True)), bindparam("ids", type_=ARRAY(TEXT)))


class FirstContacts:
    """What counts as solved at the first contact, within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn
        self._typed: set[str] = set()

    async def once(self, case_id: str) -> bool:
        """Return whether the citizen has needed one contact and no waiting.

        Not when she wrote or called again, when it was handed over, parked, reopened or merged, or when we had
        promised to call her back.
        """
        row = await row_of(self._conn, _ONCE, {"id": case_id})
        return bool(row and row["once"])

    async def reopened(self, case_id: str, at: datetime, why: str) -> Row | None:
        """Count that a closed case lives again; return it when that withdraws its first-contact resolution."""
        row = await row_of(self._conn, _REOPENED, {"id": case_id, "at": at, "why": why})
        return row if row and row["news"] else None

    def typed(self, *case_ids: str) -> None:
        """Remember cases that have got a type, or a person: they may say that an earlier one was not solved."""
        self._typed.update(case_ids)

    async def came_back(self, at: datetime, why: str, days: int) -> list[Row]:
        """Withdraw what the remembered cases say was not solved; return those cases with who said it (`by_case`)."""
        ids: Sequence[str] = sorted(self._typed)
        self._typed.clear()
        if not ids:
            return []
        return await rows_of(self._conn, CAME_BACK, {"ids": ids, "at": at, "why": why, "days": days})
