"""A close or a hand-over can be taken back for some seconds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)
PENDING = sa.text("told_at IS NULL AND undone_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "undos",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("case_id", sa.Text(), sa.ForeignKey("casework.cases.id"), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("events", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("handover_id", sa.Text()),
        sa.Column("told_at", MOMENT),
        sa.Column("undone_at", MOMENT),
        schema=CASEWORK,
    )
    op.create_index("undos_case", "undos", ["case_id"], unique=True, schema=CASEWORK, postgresql_where=PENDING)
    op.create_index("undos_due", "undos", ["until"], schema=CASEWORK, postgresql_where=PENDING)
    op.create_index("undos_by", "undos", ["by", "until"], schema=CASEWORK)


def downgrade() -> None:
    op.drop_table("undos", schema=CASEWORK)
