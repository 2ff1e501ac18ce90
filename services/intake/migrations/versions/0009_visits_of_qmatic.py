"""Visits of Qmatic: whose they are there, and how far each has been followed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "qmatic_visits",
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("happened", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id"),
        schema="intake",
    )
    op.create_index("ix_intake_qmatic_visits_told_at", "qmatic_visits", ["told_at"], schema="intake")


def downgrade() -> None:
    op.drop_table("qmatic_visits", schema="intake")
