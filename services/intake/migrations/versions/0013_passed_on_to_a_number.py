"""Where the agent has passed a caller on to."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("pass_to", sa.Text(), server_default="", nullable=False), schema="intake")


def downgrade() -> None:
    op.drop_column("calls", "pass_to", schema="intake")
