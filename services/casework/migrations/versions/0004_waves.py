"""When units answer, what the contact centre has taken over, and what the router said of that for each contact."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opening_hours",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("unit", sa.Text(), sa.ForeignKey("casework.units.id"), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("weekly", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("exceptions", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("open_on_holidays", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="casework",
    )
    op.create_table(
        "takeovers",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("subject_id", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("from_day", sa.Text()),
        sa.Column("before", sa.Text(), server_default="", nullable=False),
        sa.Column("forward_to", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Index("takeovers_subject", "subject", "subject_id"),
        schema="casework",
    )
    op.add_column("contacts", sa.Column("taken_over", sa.Text()), schema="casework")


def downgrade() -> None:
    op.drop_column("contacts", "taken_over", schema="casework")
    op.drop_table("takeovers", schema="casework")
    op.drop_table("opening_hours", schema="casework")
