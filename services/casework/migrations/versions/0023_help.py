"""An agent asks the team leader for help with the case that she has."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "help_asks",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("case_id", sa.Text(), sa.ForeignKey("casework.cases.id"), nullable=False),
        _words("agent_id"),
        _words("agent_name"),
        _words("text"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        _words("taker"),
        _words("taker_name"),
        sa.Column("ended_at", MOMENT),
        _words("ended_by"),
        schema=CASEWORK,
    )
    op.create_index(
        "help_asks_open",
        "help_asks",
        ["case_id"],
        unique=True,
        schema=CASEWORK,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "help_lines",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("ask_id", sa.Text(), sa.ForeignKey("casework.help_asks.id"), nullable=False),
        _words("by"),
        _words("by_name"),
        _words("body"),
        sa.Column("at", MOMENT, nullable=False),
        schema=CASEWORK,
    )
    op.create_index("ix_casework_help_lines_ask_id", "help_lines", ["ask_id"], schema=CASEWORK)


def downgrade() -> None:
    op.drop_table("help_lines", schema=CASEWORK)
    op.drop_table("help_asks", schema=CASEWORK)
