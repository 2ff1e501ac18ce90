"""Checklists from their first draft to the version that took their place, and the local facts that fill them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text, text

from services.casework.store.tables.columns import at, count, flag, json, metadata, words

checklist_versions = Table(
    "checklist_versions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("case_type", Text, ForeignKey("casework.case_types.id"), nullable=False),
    json("body", "{}"),
    words("body_hash"),
    at("published_at"),
    at("review_by"),
    flag("current"),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    Column("phase", Text, nullable=False, server_default="published"),
    count("revision", "1"),
    flag("example"),
    words("author"),
    words("author_name"),
    Column("based_on", Integer),
    Column("falls_back_to", Integer),
    at("valid_from"),
    flag("scheduled"),
    at("urgent_until"),
    words("urgent_reason"),
    words("note"),
    at("changed_at"),
    words("approved_by"),
    words("request_key"),
    Index("checklist_versions_current", "id", unique=True, postgresql_where=text("current")),
    Index(
        "checklist_versions_work",
        "id",
        unique=True,
        postgresql_where=text("phase IN ('draft', 'in_review', 'approved')"),
    ),
    Index("checklist_versions_asked", "request_key", unique=True, postgresql_where=text("request_key <> ''")),
)
"""`body` never changes once `published_at` is set; `revision` grows with every act."""

checklist_history = Table(
    "checklist_history",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("checklist_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    at("at", nullable=False),
    words("by"),
    words("by_name"),
    words("what"),
    json("facts", "{}"),
    Index("checklist_history_of", "checklist_id", "id"),
)
"""Every act on a version: who, when, what; `by` is empty for the clock."""

checklist_reminders = Table(
    "checklist_reminders",
    metadata,
    Column("checklist_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("reason", Text, primary_key=True),
    at("at", nullable=False),
)
"""What an owner has been told of a version, so that each reason is told once."""

unit_params = Table(
    "unit_params",
    metadata,
    Column("unit", Text, ForeignKey("casework.units.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    words("value"),
    words("measure"),
    at("changed_at", nullable=False),
    words("changed_by"),
    words("changed_by_name"),
)
"""Local facts (*lokala uppgifter*): one value for each name, for all checklists of the unit."""

unit_param_history = Table(
    "unit_param_history",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("unit", Text, nullable=False),
    Column("name", Text, nullable=False),
    words("value"),
    words("measure"),
    at("at", nullable=False),
    words("by"),
    words("by_name"),
    Index("unit_param_history_of", "unit", "name", "id"),
)
