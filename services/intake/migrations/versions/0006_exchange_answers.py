"""Who has each call of a telephone exchange."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange_answers",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id"),
        schema="intake",
    )
    op.create_index(
        "ix_intake_exchange_answers_answered_at", "exchange_answers", ["answered_at"], unique=False, schema="intake"
    )


def downgrade() -> None:
    op.drop_table("exchange_answers", schema="intake")
