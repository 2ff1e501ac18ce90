"""Invented contacts to practise on, runs through them, and who is signed off for which unit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), server_default="", nullable=False) for name in names]


def _list(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)


def _json(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text(f"'{default}'"), nullable=False)


def upgrade() -> None:
    op.add_column("units", sa.Column("sign_off", sa.Text(), server_default="off", nullable=False), schema=CASEWORK)
    op.add_column("people", _list("signed_off"), schema=CASEWORK)
    op.create_table(
        "practice_exercises",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("unit", sa.Text(), sa.ForeignKey("casework.units.id"), nullable=False, index=True),
        *_words("channel", "name", "phone", "email", "subject", "body", "case_type", "kind", "good_end"),
        _list("answers"),
        *_words("lesson"),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        schema=CASEWORK,
    )
    exercise = sa.ForeignKey("casework.practice_exercises.id")
    op.create_table(
        "practice_runs",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("exercise_id", sa.Text(), exercise, nullable=False),
        *_words("unit", "agent_id", "agent_name"),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("case_type", sa.Text()),
        sa.Column("checklist_id", sa.Text()),
        sa.Column("checklist_version", sa.Integer()),
        _json("done", "[]"),
        _json("candidates", "[]"),
        *_words("note"),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        *_words("kind", "resolution"),
        _json("verdict", "{}"),
        sa.Column("passed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema=CASEWORK,
    )
    op.create_index("practice_runs_agent", "practice_runs", ["agent_id", "started_at"], schema=CASEWORK)
    op.create_index("practice_runs_unit", "practice_runs", ["unit", "ended_at"], schema=CASEWORK)
    _once("practice_runs_open", "practice_runs", ["agent_id", "exercise_id"])
    op.create_table(
        "sign_offs",
        sa.Column("id", sa.Text(), primary_key=True),
        *_words("agent_id", "unit", "by", "by_name"),
        sa.Column("at", MOMENT, nullable=False),
        *_words("ended_by", "ended_name"),
        sa.Column("ended_at", MOMENT),
        *_words("reason"),
        schema=CASEWORK,
    )
    _once("sign_offs_held", "sign_offs", ["agent_id", "unit"])


def _once(name: str, table: str, columns: list[str]) -> None:
    """Let there be one at a time that has not ended."""
    op.create_index(name, table, columns, unique=True, schema=CASEWORK, postgresql_where=sa.text("ended_at IS NULL"))


def downgrade() -> None:
    for name in ("sign_offs", "practice_runs", "practice_exercises"):
        op.drop_table(name, schema=CASEWORK)
    op.drop_column("people", "signed_off", schema=CASEWORK)
    op.drop_column("units", "sign_off", schema=CASEWORK)
