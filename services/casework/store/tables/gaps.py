"""What agents have found missing or wrong in checklists, and what the owners have answered."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from services.casework.store.tables.columns import at, maybe, metadata, words

knowledge_gaps = Table(
    "knowledge_gaps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False),
    words("kind"),
    words("unit"),
    maybe("case_type"),
    maybe("checklist_id"),
    Column("checklist_version", Integer),
    words("step"),
    words("body"),
    words("reported_by"),
    words("reported_name"),
    at("reported_at", nullable=False),
    at("due_at", nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    words("answer"),
    words("answered_by"),
    words("answered_name"),
    at("answered_at"),
    at("seen_at"),
    Index("knowledge_gaps_unit", "unit", "state", "due_at"),
    Index("knowledge_gaps_reporter", "reported_by", "state"),
    Index("knowledge_gaps_reported", "reported_at"),
    Index("knowledge_gaps_case", "case_id"),
)
"""`kind` is `wrong` (a step, or the whole of a checklist) or `missing` (none fits); `unit` owns it and answers."""
