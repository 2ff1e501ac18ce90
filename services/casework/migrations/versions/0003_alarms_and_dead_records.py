"""Alarms about the load, and what was decided about dead records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("series", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("cleared_at", postgresql.TIMESTAMP(timezone=True)),
        schema="casework",
    )
    op.create_table(
        "dead_decision",
        sa.Column("letter", sa.Text(), primary_key=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        schema="casework",
    )


def downgrade() -> None:
    op.drop_table("dead_decision", schema="casework")
    op.drop_table("alarms", schema="casework")
