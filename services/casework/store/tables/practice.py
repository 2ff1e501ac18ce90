"""Practice: invented contacts, runs through them, and who is signed off for which unit. No case knows of any of it."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from services.casework.store.tables.columns import at, count, json, listed, maybe, metadata, words

practice_exercises = Table(
    "practice_exercises",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False, index=True),
    words("channel"),
    words("name"),
    words("phone"),
    words("email"),
    words("subject"),
    words("body"),
    words("case_type"),
    words("kind"),
    words("good_end"),
    listed("answers"),
    words("lesson"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
)
"""An invented contact, and what a good run comes to."""

practice_runs = Table(
    "practice_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("exercise_id", Text, ForeignKey("casework.practice_exercises.id"), nullable=False),
    words("unit"),
    words("agent_id"),
    words("agent_name"),
    at("started_at", nullable=False),
    at("ended_at"),
    maybe("case_type"),
    maybe("checklist_id"),
    Column("checklist_version", Integer),
    json("done", "[]"),
    json("candidates", "[]"),
    words("note"),
    count("refused"),
    words("kind"),
    words("resolution"),
    json("verdict", "{}"),
    Column("passed", Boolean, nullable=False, server_default=text("false")),
    Index("practice_runs_agent", "agent_id", "started_at"),
    Index("practice_runs_unit", "unit", "ended_at"),
    Index("practice_runs_open", "agent_id", "exercise_id", unique=True, postgresql_where=text("ended_at IS NULL")),
)
"""One run of one agent; `refused` counts how often she would have closed with an obligatory step open."""

sign_offs = Table(
    "sign_offs",
    metadata,
    Column("id", Text, primary_key=True),
    words("agent_id"),
    words("unit"),
    words("by"),
    words("by_name"),
    at("at", nullable=False),
    words("ended_by"),
    words("ended_name"),
    at("ended_at"),
    words("reason"),
    Index("sign_offs_held", "agent_id", "unit", unique=True, postgresql_where=text("ended_at IS NULL")),
)
"""Who was signed off for which unit by whom, and who took it back, when and why; no row is ever removed."""
