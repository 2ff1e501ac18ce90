"""The desk's day: who asks for help, and what can still be taken back."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, text

from services.casework.store.tables.columns import at, json, maybe, metadata, words

help_asks = Table(
    "help_asks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False),
    words("agent_id"),
    words("agent_name"),
    words("text"),
    at("at", nullable=False),
    at("until", nullable=False),
    words("taker"),
    words("taker_name"),
    at("ended_at"),
    words("ended_by"),
    Index("help_asks_open", "case_id", unique=True, postgresql_where=text("ended_at IS NULL")),
)
"""An agent who asks the team leader about the case that she has; `taker` is the leader who would take it over."""

help_lines = Table(
    "help_lines",
    metadata,
    Column("id", Text, primary_key=True),
    Column("ask_id", Text, ForeignKey("casework.help_asks.id"), nullable=False, index=True),
    words("by"),
    words("by_name"),
    words("body"),
    at("at", nullable=False),
)
"""What leaders have written to her."""

undos = Table(
    "undos",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False),
    words("kind"),
    words("by"),
    at("at", nullable=False),
    at("until", nullable=False),
    json("before", "{}"),
    json("events", "[]"),
    maybe("handover_id"),
    at("told_at"),
    at("undone_at"),
    Index("undos_case", "case_id", unique=True, postgresql_where=text("told_at IS NULL AND undone_at IS NULL")),
    Index("undos_due", "until", postgresql_where=text("told_at IS NULL AND undone_at IS NULL")),
    Index("undos_by", "by", "until"),
)
"""A close or hand-over that its agent may still take back: what the case was, and the events that are not told yet."""

news_read = Table(
    "news_read",
    metadata,
    Column("person", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    at("at", nullable=False),
)
"""What each agent has read of what is new; the item `since` is her first day at the desk."""

case_readers = Table(
    "case_readers",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    words("name"),
    at("until", nullable=False),
    Index("case_readers_until", "until"),
)
"""Who has a case open; without a foreign key, so that reading never waits for whoever holds the case."""
