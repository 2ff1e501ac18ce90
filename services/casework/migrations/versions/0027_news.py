"""Each agent's news: what she has read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.create_table(
        "news_read",
        sa.Column("person", sa.Text(), primary_key=True),
        sa.Column("item", sa.Text(), primary_key=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        schema=CASEWORK,
    )


def downgrade() -> None:
    op.drop_table("news_read", schema=CASEWORK)
