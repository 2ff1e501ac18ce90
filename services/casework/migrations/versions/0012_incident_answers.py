"""Who has ordered the answer to all, and whether it closes their cases."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.add_column("incidents", sa.Column("answered_by", sa.Text(), server_default="", nullable=False), schema=CASEWORK)
    op.add_column(
        "incidents",
        sa.Column("close_cases", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema=CASEWORK,
    )


def downgrade() -> None:
    op.drop_column("incidents", "close_cases", schema=CASEWORK)
    op.drop_column("incidents", "answered_by", schema=CASEWORK)
