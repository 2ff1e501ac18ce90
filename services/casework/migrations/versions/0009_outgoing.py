"""What goes out: HTML and files, SMS, and texts to write from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)
JSONB = postgresql.JSONB()


def upgrade() -> None:
    _mails_out()
    _messages()
    _sms_out()
    _templates()
    _entrances()


def downgrade() -> None:
    for name in ("sms_sender",):
        op.drop_column("entrances", name, schema=CASEWORK)
    op.drop_table("templates", schema=CASEWORK)
    op.drop_table("sms_out", schema=CASEWORK)
    for name in ("html", "attachments", "channel", "undone_at"):
        op.drop_column("messages", name, schema=CASEWORK)
    for name in ("html", "attachments", "sender_address", "bounced_at"):
        op.drop_column("mails_out", name, schema=CASEWORK)


def _mails_out() -> None:
    for column in (
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.Column("attachments", JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("sender_address", sa.Text(), server_default="", nullable=False),
        sa.Column("bounced_at", MOMENT, nullable=True),
    ):
        op.add_column("mails_out", column, schema=CASEWORK)


def _messages() -> None:
    for column in (
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.Column("attachments", JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("channel", sa.Text(), server_default="email", nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
    ):
        op.add_column("messages", column, schema=CASEWORK)


def _sms_out() -> None:
    op.create_table(
        "sms_out",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("provider_id", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index("sms_out_case", "sms_out", ["case_id"], unique=False, schema=CASEWORK)
    op.create_index(
        "sms_out_due",
        "sms_out",
        ["next_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _templates() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("case_type", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="sv", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("deprecated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index("templates_kind", "templates", ["kind", "language"], unique=False, schema=CASEWORK)


def _entrances() -> None:
    for column in (sa.Column("sms_sender", sa.Text(), server_default="", nullable=False),):
        op.add_column("entrances", column, schema=CASEWORK)
