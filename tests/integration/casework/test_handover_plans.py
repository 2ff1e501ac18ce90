"""How PostgreSQL reads many hand-overs: by an index, whatever is asked of them."""

from datetime import timedelta
from typing import Any

import pytest

from services.casework.store import handovers as store
from tests.support.casework import Room

pytestmark = pytest.mark.integration

MANY = 20_000


async def _many(room: Room) -> None:
    """Make so many cases with a hand-over each, an hour apart; some passed on, some not delivered."""
    now = f"'{room.time().isoformat()}'::timestamptz"
    each = f"FROM generate_series(1, {MANY}) AS n"
    await room.run(
        "INSERT INTO casework.cases (id, number, contact_id, current_contact, state, unit, opened_at, changed_at) "
        f"SELECT 'c' || n, 'n' || n, 'x' || n, 'x' || n, 'handed_over', 'u' || n % 20, {now}, {now} {each}"
    )
    await room.run(
        "INSERT INTO casework.handovers (id, request_id, case_id, unit, state, at, acknowledge_by, answer_by, "
        "deliver_at, delivered_at, passed_by, checklist_id, checklist_version) "
        f"SELECT 'h' || n, 'r', 'c' || n, 'u' || n % 20, 'sent', {now} - n * interval '1 hour', {now}, {now}, "
        f"CASE WHEN n % 100 = 0 THEN {now} END, CASE WHEN n % 100 > 0 THEN {now} END, "
        f"CASE WHEN n % 50 = 0 THEN ARRAY['u' || n % 7] ELSE '{{}}'::text[] END, 'c' || n % 9, 1 {each}"
    )
    await room.run("ANALYZE casework.cases")
    await room.run("ANALYZE casework.handovers")


async def _plan(room: Room, sql: str, **params: Any) -> str:
    rows = await room.rows(f"EXPLAIN {sql}", **params)
    return "\n".join(str(row["QUERY PLAN"]) for row in rows)


async def test_no_question_about_hand_overs_reads_them_all(room: Room):
    await _many(room)
    now = room.time()
    period = {"begin": now - timedelta(days=7), "end": now, "units": ["u1", "u2"]}
    plans = {
        "misrouted": await _plan(room, store._MISROUTED.text, **period),
        "to deliver": await _plan(room, store._TO_DELIVER.text, at=now, limit=50),
        "waiting": await _plan(room, "SELECT 1 FROM casework.handovers WHERE case_id = 'c7' AND paused_at IS NOT NULL"),
    }
    for name, plan in plans.items():
        assert "Seq Scan on handovers" not in plan, f"{name}: {plan}"
    assert "handovers_at" in plans["misrouted"], plans["misrouted"]
    assert "handovers_deliver" in plans["to deliver"], plans["to deliver"]
