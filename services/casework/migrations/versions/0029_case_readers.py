"""Who reads a case right now."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.create_table(
        "case_readers",
        sa.Column("case_id", sa.Text(), primary_key=True),
        sa.Column("person", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("until", postgresql.TIMESTAMP(timezone=True), nullable=False),
        schema=CASEWORK,
    )
    op.create_index("case_readers_until", "case_readers", ["until"], schema=CASEWORK)


def downgrade() -> None:
    op.drop_table("case_readers", schema=CASEWORK)
