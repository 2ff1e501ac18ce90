"""Which return call is to be rung: whose acceptance it is, when that was, and whether it waits to be ordered."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("back_epoch", sa.BigInteger()), schema="intake")
    op.add_column("calls", sa.Column("back_agent", sa.Text()), schema="intake")
    op.add_column("calls", sa.Column("back_at", sa.DateTime(timezone=True)), schema="intake")
    op.add_column(
        "calls",
        sa.Column("back_waits", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="intake",
    )
    op.create_index("calls_back", "calls", ["back_at"], schema="intake", postgresql_where=sa.text("back_waits"))


def downgrade() -> None:
    op.drop_index("calls_back", "calls", schema="intake")
    for name in ("back_waits", "back_at", "back_agent", "back_epoch"):
        op.drop_column("calls", name, schema="intake")
