"""Disturbances that many contacts are about, and alarms of stats."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, text

from services.casework.store.tables.columns import at, flag, json, listed, metadata, words

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    words("title"),
    words("body"),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    listed("entrances"),
    listed("case_types"),
    words("greeting"),
    words("opened_by"),
    at("opened_at", nullable=False),
    at("expected_end"),
    at("closed_at"),
    words("closed_by"),
    words("answer"),
    at("answered_at"),
    words("alarm_id"),
    words("answered_by"),
    flag("close_cases"),
    Index("incidents_open", "opened_at", postgresql_where=text("closed_at IS NULL")),
)
"""A disturbance (*driftstörning*): `body` is what may be told, `greeting` what is said first while it lasts."""

incident_cases = Table(
    "incident_cases",
    metadata,
    Column("incident_id", Text, ForeignKey("casework.incidents.id"), primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), primary_key=True),
    words("contact_id"),
    words("by"),
    at("at", nullable=False),
    at("answered_at"),
    Index("incident_cases_case", "case_id"),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", Text, primary_key=True),
    json("series", "{}"),
    words("body"),
    at("since", nullable=False),
    at("cleared_at"),
)
