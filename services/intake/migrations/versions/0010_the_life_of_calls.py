"""When a call was through to its agent, and how many times a phone has not answered its caller."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.add_column("calls", sa.Column("through_at", sa.DateTime(timezone=True)), schema="intake")
    op.add_column("calls", sa.Column("through_epoch", sa.BigInteger()), schema="intake")
    unanswered = sa.Column("unanswered", sa.Integer(), server_default=sa.text("0"), nullable=False)
    op.add_column("calls", unanswered, schema="intake")
    op.create_index("calls_open", "calls", ["received_at"], schema="intake", postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_index("calls_open", table_name="calls", schema="intake")
    op.drop_column("calls", "unanswered", schema="intake")
    op.drop_column("calls", "through_epoch", schema="intake")
    op.drop_column("calls", "through_at", schema="intake")
