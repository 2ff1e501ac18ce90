"""The ids of webhooks that came in of late."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_ids",
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("webhook_id"),
        schema="intake",
    )
    op.create_index("ix_intake_webhook_ids_seen_at", "webhook_ids", ["seen_at"], unique=False, schema="intake")


def downgrade() -> None:
    op.drop_table("webhook_ids", schema="intake")
