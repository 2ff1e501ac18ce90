"""Contacts and cases, hand-overs, mails out, and case numbers that are drawn without a lock."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBERS = """
CREATE FUNCTION casework.next_case_number(year integer) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    numbers text := format('casework.case_numbers_%s', year);
    drawn bigint;
BEGIN
    IF to_regclass(numbers) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(numbers, 0));
        EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %s', numbers);
    END IF;
    drawn := nextval(numbers::regclass);
    RETURN 'KC-' || year || '-' || CASE WHEN drawn < 1000000 THEN lpad(drawn::text, 6, '0') ELSE drawn::text END;
END
$$
"""

_DROP_NUMBERS = """
DO $$
DECLARE name text;
BEGIN
    DROP FUNCTION casework.next_case_number(integer);
    FOR name IN SELECT relname FROM pg_class WHERE relkind = 'S' AND relname LIKE 'case_numbers_%'
        AND relnamespace = 'casework'::regnamespace
    LOOP EXECUTE format('DROP SEQUENCE casework.%I', name); END LOOP;
END
$$
"""


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("current_contact", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", sa.Text(), server_default="", nullable=False),
        sa.Column("entrance", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="sv", nullable=False),
        sa.Column("person_key", sa.Text(), nullable=True),
        sa.Column("case_type", sa.Text(), nullable=True),
        sa.Column("classified_how", sa.Text(), nullable=True),
        sa.Column("checklist_id", sa.Text(), nullable=True),
        sa.Column("checklist_version", sa.Integer(), nullable=True),
        sa.Column("run", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_missed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("parked_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("first_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("contact_count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("reopened", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("handling_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("reported_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_beat_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("purged", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("contact_id"),
        sa.UniqueConstraint("number"),
        schema="casework",
    )


def _cases_indexes() -> None:
    op.create_index(
        "cases_agent",
        "cases",
        ["agent_id", "state"],
        unique=False,
        schema="casework",
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index(
        "cases_due",
        "cases",
        ["due_at"],
        unique=False,
        schema="casework",
        postgresql_where=sa.text("state = 'open' AND NOT due_missed"),
    )
    op.create_index("cases_opened", "cases", ["opened_at", "id"], unique=False, schema="casework")
    op.create_index(
        "cases_person",
        "cases",
        ["person_key"],
        unique=False,
        schema="casework",
        postgresql_where=sa.text("person_key IS NOT NULL"),
    )


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("arrived", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("routed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("entrance", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="sv", nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sender_name", sa.Text(), nullable=True),
        sa.Column("sender_email", sa.Text(), nullable=True),
        sa.Column("sender_phone", sa.Text(), nullable=True),
        sa.Column("person_key", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("full_body", sa.Text(), server_default="", nullable=False),
        sa.Column("fields", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("attachments", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("original_key", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("reference_ids", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("automatic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("unreadable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("flags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("linked_case", sa.Text(), nullable=True),
        sa.Column("follows", sa.Text(), nullable=True),
        sa.Column("candidates", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("checklist_id", sa.Text(), nullable=True),
        sa.Column("checklist_version", sa.Integer(), nullable=True),
        sa.Column("queue", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("why", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("accepted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("waited_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("talk_seconds", sa.Double(), nullable=True),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("purged_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )


def _contacts_indexes() -> None:
    op.create_index("contacts_case", "contacts", ["case_id"], unique=False, schema="casework")


def _mails_out() -> None:
    op.create_table(
        "mails_out",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.Text(), nullable=True),
        sa.Column("reference_ids", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("next_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
        schema="casework",
    )
    op.create_index("mails_out_case", "mails_out", ["case_id"], unique=False, schema="casework")
    op.create_index(
        "mails_out_due",
        "mails_out",
        ["next_at"],
        unique=False,
        schema="casework",
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _receipt_marks() -> None:
    op.create_table(
        "receipt_marks",
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash"),
        schema="casework",
    )


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("saved_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["casework.cases.id"],
        ),
        sa.PrimaryKeyConstraint("case_id", "person"),
        schema="casework",
    )


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("to_label", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("fields", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("acknowledge_by", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answer_by", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("acknowledged_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_text", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("external_ref", sa.Text(), nullable=True),
        sa.Column("planned_for", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("performer", sa.Text(), server_default="", nullable=False),
        sa.Column("progress", sa.Text(), server_default="", nullable=False),
        sa.Column("progress_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("acknowledge_missed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("answer_missed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["casework.cases.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )
    op.create_index("handovers_request", "handovers", ["case_id", "request_id"], unique=True, schema="casework")
    op.create_index("handovers_unit", "handovers", ["unit", "state"], unique=False, schema="casework")
    op.create_index(op.f("ix_casework_handovers_case_id"), "handovers", ["case_id"], unique=False, schema="casework")


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["casework.cases.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )
    op.create_index(op.f("ix_casework_messages_case_id"), "messages", ["case_id"], unique=False, schema="casework")


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("author_name", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["casework.cases.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )
    op.create_index(op.f("ix_casework_notes_case_id"), "notes", ["case_id"], unique=False, schema="casework")


def _run_steps() -> None:
    op.create_table(
        "run_steps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("option", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("undone_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["casework.cases.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )
    op.create_index("run_steps_case", "run_steps", ["case_id", "run", "seq"], unique=False, schema="casework")


def upgrade() -> None:
    _cases()
    _cases_indexes()
    _contacts()
    _contacts_indexes()
    _mails_out()
    _receipt_marks()
    _drafts()
    _handovers()
    _messages()
    _notes()
    _run_steps()
    op.execute(_NUMBERS)


def downgrade() -> None:
    op.execute(_DROP_NUMBERS)
    for table in (
        "run_steps",
        "notes",
        "messages",
        "handovers",
        "drafts",
        "receipt_marks",
        "mails_out",
        "contacts",
        "cases",
    ):
        op.drop_table(table, schema="casework")
