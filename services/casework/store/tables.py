"""The tables of casework; the schema itself is made by the migrations, and a test compares the two."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from shared.decisions import decisions_table
from shared.outbox import outbox_table

metadata = MetaData(schema="casework")


def _text(name: str, **kwargs: object) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="", **kwargs)  # type: ignore[arg-type] # Column's overloads take no **kwargs


def _maybe(name: str) -> Column[str]:
    return Column(name, Text)


def _at(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def _list(name: str) -> Column[list[str]]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'"))


def _json(name: str, default: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text(f"'{default}'"))


def _count(name: str, default: str = "0") -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text(default))


def _seconds(name: str) -> Column[float]:
    return Column(name, Double, nullable=False, server_default=text("0"))


moves = Table(
    "moves",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("what", Text, primary_key=True),
    Column("at", TIMESTAMP(timezone=True), primary_key=True),
    _text("agent_id"),
    _text("other"),
    _at("call_at"),
)

units = Table(
    "units",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    Column("legal_form", Text, nullable=False, server_default="förvaltning"),
    _text("controller"),
    _text("handover_address"),
)

entrances = Table(
    "entrances",
    metadata,
    Column("id", Text, primary_key=True),
    _text("kind"),
    _text("value"),
    _text("name"),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    _maybe("area"),
    _text("greeting"),
    _text("queue_message_url"),
    _text("sender_name"),
    _flag("is_default"),
    Index("entrances_kind_value", "kind", "value", unique=True),
)

case_types = Table(
    "case_types",
    metadata,
    Column("id", Text, primary_key=True),
    _list("path"),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    _text("area"),
    _text("question"),
    Column("typical_outcome", Text, nullable=False, server_default="close"),
    Column("share", Double, nullable=False, server_default=text("0")),
    _maybe("checklist_id"),
    Column("checklist_version", Integer),
    _list("examples"),
    _flag("deprecated"),
)

checklist_versions = Table(
    "checklist_versions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("case_type", Text, ForeignKey("casework.case_types.id"), nullable=False),
    _json("body", "{}"),
    _text("body_hash"),
    _at("published_at", nullable=False),
    _at("review_by"),
    _flag("current"),
    Index("checklist_versions_current", "id", unique=True, postgresql_where=text("current")),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _list("roles"),
    _list("units"),
    _maybe("email"),
    _maybe("phone"),
    _json("skills", "{}"),
    _list("languages"),
    _list("channels"),
    _count("capacity", "100"),
    _json("terms", "{}"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
)

opening_hours = Table(
    "opening_hours",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    _maybe("channel"),
    _json("weekly", "[]"),
    _json("exceptions", "[]"),
    _flag("open_on_holidays"),
)

takeovers = Table(
    "takeovers",
    metadata,
    Column("id", Text, primary_key=True),
    _text("subject"),
    _text("subject_id"),
    _maybe("channel"),
    _text("state"),
    _maybe("from_day"),
    _text("before"),
    _text("forward_to"),
    _text("changed_by"),
    _at("changed_at", nullable=False),
    Index("takeovers_subject", "subject", "subject_id"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    _maybe("case_id"),
    _flag("arrived"),
    _flag("routed"),
    _maybe("channel"),
    _text("entrance"),
    _text("unit"),
    Column("language", Text, nullable=False, server_default="sv"),
    _at("received_at"),
    _maybe("sender_name"),
    _maybe("sender_email"),
    _maybe("sender_phone"),
    _maybe("person_key"),
    _text("subject"),
    _text("body"),
    _text("full_body"),
    _json("fields", "{}"),
    _maybe("form"),
    _json("attachments", "[]"),
    _maybe("original_key"),
    _maybe("message_id"),
    _list("reference_ids"),
    _maybe("ticket"),
    _flag("automatic"),
    _flag("unreadable"),
    _list("flags"),
    _maybe("linked_case"),
    _maybe("follows"),
    _json("candidates", "[]"),
    _maybe("checklist_id"),
    Column("checklist_version", Integer),
    _text("queue"),
    _maybe("priority"),
    _at("due_at"),
    _list("why"),
    _maybe("agent_id"),
    Column("epoch", BigInteger, nullable=False, server_default=text("0")),
    _at("accepted_at"),
    _seconds("waited_seconds"),
    _at("ended_at"),
    _maybe("end_reason"),
    Column("talk_seconds", Double),
    _at("done_at"),
    _at("purged_at"),
    _maybe("taken_over"),
    _text("kind"),
    _text("about"),
    _text("asked"),
    Index("contacts_case", "case_id"),
    Index("contacts_about", "about", postgresql_where=text("about <> ''")),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("contact_id", Text, nullable=False, unique=True),
    Column("current_contact", Text, nullable=False),
    _text("state"),
    _text("channel"),
    _text("entrance"),
    _text("unit"),
    Column("language", Text, nullable=False, server_default="sv"),
    _maybe("person_key"),
    _maybe("case_type"),
    _maybe("classified_how"),
    _maybe("checklist_id"),
    Column("checklist_version", Integer),
    _count("run", "1"),
    _maybe("priority"),
    _maybe("agent_id"),
    _at("opened_at", nullable=False),
    _at("due_at"),
    _flag("due_missed"),
    _at("parked_until"),
    _maybe("resolution"),
    _maybe("cause"),
    _at("closed_at"),
    _maybe("closed_by"),
    _flag("first_contact"),
    _count("contact_count", "1"),
    _count("reopened"),
    _seconds("handling_seconds"),
    _seconds("reported_seconds"),
    _at("last_beat_at"),
    _at("changed_at", nullable=False),
    _flag("purged"),
    Index("cases_opened", "opened_at", "id"),
    Index("cases_person", "person_key", postgresql_where=text("person_key IS NOT NULL")),
    Index("cases_agent", "agent_id", "state", postgresql_where=text("state <> 'closed'")),
    Index("cases_due", "due_at", postgresql_where=text("state = 'open' AND NOT due_missed")),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False, index=True),
    _text("kind"),
    _text("author"),
    _text("recipient"),
    _text("subject"),
    _text("body"),
    _at("at", nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False, index=True),
    _text("author"),
    _text("author_name"),
    _text("body"),
    _at("at", nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("case_id", Text, ForeignKey("casework.cases.id"), primary_key=True),
    Column("person", Text, primary_key=True),
    _text("body"),
    _at("saved_at", nullable=False),
)

run_steps = Table(
    "run_steps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False),
    _count("run", "1"),
    Column("seq", BigInteger, nullable=False),
    _text("step"),
    _maybe("option"),
    _text("note"),
    _text("by"),
    _at("at", nullable=False),
    _at("undone_at"),
    _maybe("undone_by"),
    Index("run_steps_case", "case_id", "run", "seq"),
)

handovers = Table(
    "handovers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False, index=True),
    _text("contact_id"),
    _text("unit"),
    _text("to_label"),
    _text("address"),
    _maybe("mode"),
    _text("priority"),
    _text("state"),
    _text("message"),
    _json("fields", "[]"),
    _text("by"),
    _at("at", nullable=False),
    _at("acknowledge_by", nullable=False),
    _at("answer_by", nullable=False),
    _at("acknowledged_at"),
    _maybe("acknowledged_by"),
    _at("ended_at"),
    _maybe("ended_by"),
    _text("end_text"),
    _text("reason"),
    _maybe("external_ref"),
    _at("planned_for"),
    _text("performer"),
    _text("progress"),
    _at("progress_at"),
    _flag("acknowledge_missed"),
    _flag("answer_missed"),
    Index("handovers_request", "case_id", "request_id", unique=True),
    Index("handovers_unit", "unit", "state"),
)

mails_out = Table(
    "mails_out",
    metadata,
    Column("id", Text, primary_key=True),
    _maybe("case_id"),
    _text("kind"),
    _text("recipient"),
    _text("sender_name"),
    _text("subject"),
    _text("body"),
    Column("message_id", Text, nullable=False, unique=True),
    _maybe("in_reply_to"),
    _list("reference_ids"),
    _text("state"),
    _count("attempts"),
    _at("created_at", nullable=False),
    _at("next_at"),
    _at("sent_at"),
    _text("problem"),
    Index("mails_out_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("mails_out_case", "case_id"),
)

receipt_marks = Table(
    "receipt_marks",
    metadata,
    Column("address_hash", Text, primary_key=True),
    _at("at", nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", Text, primary_key=True),
    _json("series", "{}"),
    _text("body"),
    _at("since", nullable=False),
    _at("cleared_at"),
)

outbox = outbox_table(metadata)
dead_decisions = decisions_table(metadata)
