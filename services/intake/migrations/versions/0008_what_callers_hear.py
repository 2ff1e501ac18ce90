"""What a caller has heard, and the recordings that are played to her."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INTAKE = "intake"


def _columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("language", sa.Text(), server_default=sa.text("'sv'"), nullable=False),
        sa.Column("step", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("heard", postgresql.JSONB(none_as_null=True)),
        sa.Column("told", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("place_at", sa.DateTime(timezone=True)),
        sa.Column("return_call", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("jours", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )


def upgrade() -> None:
    for column in _columns():
        op.add_column("calls", column, schema=INTAKE)
    op.create_table(
        "recordings",
        sa.Column("entrance", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entrance", "kind", "language"),
        schema=INTAKE,
    )
    op.create_index("ix_intake_recordings_version", "recordings", ["version"], unique=False, schema=INTAKE)


def downgrade() -> None:
    op.drop_table("recordings", schema=INTAKE)
    for column in reversed(_columns()):
        op.drop_column("calls", column.name, schema=INTAKE)
