"""The tables of stats; `migrations/` makes them, this is what the code writes to in bulk."""

from sqlalchemy import MetaData

from services.stats.store.bulk import Bulk
from shared.decisions import decisions_table
from shared.outbox import outbox_table

METADATA = MetaData(schema="stats")
OUTBOX = outbox_table(METADATA)
DEAD_DECISIONS = decisions_table(METADATA)

FACTS = Bulk(
    "stats.facts",
    {
        "ce_id": "text",
        "month": "date",
        "type": "text",
        "written_at": "timestamptz",
        "at": "timestamptz",
        "contact_id": "text",
        "case_id": "text",
        "agent_id": "text",
        "channel": "text",
        "unit": "text",
        "case_type": "text",
        "entrance": "text",
        "queue": "text",
        "epoch": "bigint",
        "seconds": "float8",
        "detail": "text",
        "handover_id": "text",
    },
    key=("ce_id", "month"),
    on_conflict="DO NOTHING RETURNING ce_id",
)

CONTACTS = Bulk(
    "stats.contacts",
    {
        "contact_id": "text",
        "channel": "text",
        "unit": "text",
        "entrance": "text",
        "case_type": "text",
        "queue": "text",
        "skills": "text",
        "person_key": "text",
        "state": "text",
        "epoch": "bigint",
        "received_at": "timestamptz",
        "queued_at": "timestamptz",
        "accepted_at": "timestamptz",
        "ended_at": "timestamptz",
        "waited": "float8",
        "agent_id": "text",
        "taken_over": "text",
        "left_at": "timestamptz",
        "short": "boolean",
    },
    key=("contact_id",),
)

CASES = Bulk(
    "stats.cases",
    {
        "case_id": "text",
        "contact_id": "text",
        "channel": "text",
        "unit": "text",
        "entrance": "text",
        "case_type": "text",
        "opened_at": "timestamptz",
        "ended_at": "timestamptz",
        "outcome": "text",
        "solved": "boolean",
        "solved_wide": "boolean",
        "days": "int",
        "taken_over": "text",
        "withdrawn": "boolean",
        "allowed": "boolean",
        "handling": "float8",
        "cause": "text",
    },
    key=("case_id",),
)

PRESENCE = Bulk(
    "stats.presence",
    {"agent_id": "text", "presence": "text", "capacity": "int", "used": "int", "at": "timestamptz"},
    key=("agent_id",),
    where="excluded.at >= presence.at",
)

_CELL = {"start": "timestamptz", "channel": "text", "unit": "text", "case_type": "text", "entrance": "text"}
_COUNTS = {
    "contacts": "int",
    "answered": "int",
    "waited": "float8",
    "abandoned": "int",
    "closed": "int",
    "solved": "int",
    "solved_wide": "int",
    "handed_over": "int",
    "not_taken": "int",
}

CUBE = Bulk("stats.cube", _CELL | _COUNTS, key=tuple(_CELL), add=tuple(_COUNTS))

HISTORY = Bulk("stats.history", _CELL | {"contacts": "int"}, key=tuple(_CELL))

PROJECTIONS = ("facts", "contacts", "cases", "presence", "cube", "offsets")
"""What a replay empties and builds again; alarms, known volumes and the outbox are not of the log."""
