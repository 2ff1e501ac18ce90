"""What the municipality has decided: units, entrances, case types, checklists, people, hours, waves."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, text

from services.casework.store.tables.columns import at, count, flag, json, listed, maybe, metadata, words

units = Table(
    "units",
    metadata,
    Column("id", Text, primary_key=True),
    words("name"),
    Column("legal_form", Text, nullable=False, server_default="förvaltning"),
    words("controller"),
    words("handover_address"),
    Column("sign_off", Text, nullable=False, server_default="off"),
)

unit_terms = Table(
    "unit_terms",
    metadata,
    Column("unit", Text, ForeignKey("casework.units.id"), primary_key=True),
    json("calendar", "{}"),
    listed("delivery_times"),
    Column("has_login", Boolean, nullable=False, server_default=text("true")),
    words("webhook_url"),
    words("escalation_address"),
    words("sender_name"),
    words("sender_address"),
    Column("repeat_days", Integer, nullable=False, server_default=text("7")),
)
"""How a unit works with what it gets: `calendar` as `shared.calendar.WorkingCalendar` reads it."""

entrances = Table(
    "entrances",
    metadata,
    Column("id", Text, primary_key=True),
    words("kind"),
    words("value"),
    words("name"),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    maybe("area"),
    words("greeting"),
    words("queue_message_url"),
    words("sender_name"),
    flag("is_default"),
    words("sms_sender"),
    words("sender_address"),
    words("queue_owner"),
    Column("case_type", Text, ForeignKey("casework.case_types.id")),
    words("jour"),
    listed("languages"),
    Index("entrances_kind_value", "kind", "value", unique=True),
)

case_types = Table(
    "case_types",
    metadata,
    Column("id", Text, primary_key=True),
    listed("path"),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    words("area"),
    words("question"),
    Column("typical_outcome", Text, nullable=False, server_default="close"),
    Column("share", Double, nullable=False, server_default=text("0")),
    maybe("checklist_id"),
    Column("checklist_version", Integer),
    listed("examples"),
    flag("deprecated"),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    words("name"),
    listed("roles"),
    listed("units"),
    maybe("email"),
    maybe("phone"),
    maybe("place"),
    json("skills", "{}"),
    listed("languages"),
    listed("channels"),
    count("capacity", "100"),
    json("terms", "{}"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    at("away_until"),
    maybe("substitute"),
    listed("signed_off"),
)

opening_hours = Table(
    "opening_hours",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    maybe("channel"),
    json("weekly", "[]"),
    json("exceptions", "[]"),
    flag("open_on_holidays"),
)

takeovers = Table(
    "takeovers",
    metadata,
    Column("id", Text, primary_key=True),
    words("subject"),
    words("subject_id"),
    maybe("channel"),
    words("state"),
    maybe("from_day"),
    words("before"),
    words("forward_to"),
    words("changed_by"),
    at("changed_at", nullable=False),
    Index("takeovers_subject", "subject", "subject_id"),
)

templates = Table(
    "templates",
    metadata,
    Column("id", Text, primary_key=True),
    words("kind"),
    maybe("unit"),
    maybe("case_type"),
    Column("language", Text, nullable=False, server_default="sv"),
    words("name"),
    words("subject"),
    words("body"),
    flag("deprecated"),
    words("changed_by"),
    at("changed_at", nullable=False),
    Index("templates_kind", "kind", "language"),
)
"""Texts with fields in braces; no unit and no case type is for all of them."""
