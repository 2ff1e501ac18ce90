"""When a call last asked for its next turn."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("asked_at", sa.DateTime(timezone=True)), schema="intake")


def downgrade() -> None:
    op.drop_column("calls", "asked_at", schema="intake")
