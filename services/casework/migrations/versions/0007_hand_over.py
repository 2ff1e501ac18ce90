"""The hand-over in full: delivery, pause, reminders, who has it in the unit, and how a unit works."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)
JSONB = postgresql.JSONB()
LISTED = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    _unit_terms()
    _handovers()
    _webhooks_out()
    _people()


def downgrade() -> None:
    for name in ("away_until", "substitute"):
        op.drop_column("people", name, schema=CASEWORK)
    op.drop_table("webhooks_out", schema=CASEWORK)
    op.drop_index("handovers_by", "handovers", schema=CASEWORK)
    op.drop_index("handovers_deliver", "handovers", schema=CASEWORK)
    op.drop_index("handovers_due", "handovers", schema=CASEWORK)
    op.drop_index("handovers_ended", "handovers", schema=CASEWORK)
    for name in (
        "assignee",
        "withheld",
        "return_code",
        "return_to",
        "answer_to",
        "deliver_at",
        "delivered_at",
        "paused_at",
        "paused_seconds",
        "acknowledge_reminded_at",
        "answer_reminded_at",
        "citizen_told_by",
        "checklist_id",
        "checklist_version",
        "version",
    ):
        op.drop_column("handovers", name, schema=CASEWORK)
    op.drop_table("unit_terms", schema=CASEWORK)


def _unit_terms() -> None:
    op.create_table(
        "unit_terms",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("calendar", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("delivery_times", LISTED, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("has_login", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("webhook_url", sa.Text(), server_default="", nullable=False),
        sa.Column("escalation_address", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_address", sa.Text(), server_default="", nullable=False),
        sa.Column("repeat_days", sa.Integer(), server_default=sa.text("7"), nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["casework.units.id"]),
        sa.PrimaryKeyConstraint("unit"),
        schema=CASEWORK,
    )


def _handovers() -> None:
    for column in (
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("withheld", JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("return_code", sa.Text(), server_default="", nullable=False),
        sa.Column("return_to", sa.Text(), server_default="", nullable=False),
        sa.Column("answer_to", sa.Text(), server_default="", nullable=False),
        sa.Column("deliver_at", MOMENT, nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("paused_at", MOMENT, nullable=True),
        sa.Column("paused_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("acknowledge_reminded_at", MOMENT, nullable=True),
        sa.Column("answer_reminded_at", MOMENT, nullable=True),
        sa.Column("citizen_told_by", MOMENT, nullable=True),
        sa.Column("checklist_id", sa.Text(), server_default="", nullable=False),
        sa.Column("checklist_version", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
    ):
        op.add_column("handovers", column, schema=CASEWORK)
    op.create_index("handovers_by", "handovers", ["by", "at"], unique=False, schema=CASEWORK)
    op.create_index(
        "handovers_deliver",
        "handovers",
        ["deliver_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_index(
        "handovers_due",
        "handovers",
        ["answer_by"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("state IN ('sent', 'acknowledged')"),
    )
    op.create_index(
        "handovers_ended",
        "handovers",
        ["unit", "ended_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.execute("UPDATE casework.handovers SET delivered_at = at")


def _webhooks_out() -> None:
    op.create_table(
        "webhooks_out",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("handover_id", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), server_default="", nullable=False),
        sa.Column("body", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index(
        "webhooks_out_due",
        "webhooks_out",
        ["next_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("webhooks_out_handover", "webhooks_out", ["handover_id"], unique=False, schema=CASEWORK)


def _people() -> None:
    for column in (
        sa.Column("away_until", MOMENT, nullable=True),
        sa.Column("substitute", sa.Text(), nullable=True),
    ):
        op.add_column("people", column, schema=CASEWORK)
