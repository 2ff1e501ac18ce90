"""A version of a checklist has a life before and after it is live; units have local facts that fill its texts."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _versions()
    _history()
    _reminders()
    _params()


def downgrade() -> None:
    for table in ("unit_param_history", "unit_params", "checklist_reminders", "checklist_history"):
        op.drop_table(table, schema=CASEWORK)
    op.execute("DELETE FROM casework.checklist_versions WHERE published_at IS NULL")
    op.drop_index("checklist_versions_asked", "checklist_versions", schema=CASEWORK)
    op.drop_index("checklist_versions_work", "checklist_versions", schema=CASEWORK)
    for column in reversed(_columns()):
        op.drop_column("checklist_versions", column.name, schema=CASEWORK)
    op.alter_column("checklist_versions", "published_at", nullable=False, schema=CASEWORK)


def _words(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("unit", sa.Text(), nullable=True),
        _words("phase", "published"),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _flag("example"),
        _words("author"),
        _words("author_name"),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("falls_back_to", sa.Integer(), nullable=True),
        sa.Column("valid_from", MOMENT, nullable=True),
        _flag("scheduled"),
        sa.Column("urgent_until", MOMENT, nullable=True),
        _words("urgent_reason"),
        _words("note"),
        sa.Column("changed_at", MOMENT, nullable=True),
        _words("approved_by"),
        _words("request_key"),
    ]


def _versions() -> None:
    for column in _columns():
        op.add_column("checklist_versions", column, schema=CASEWORK)
    op.alter_column("checklist_versions", "published_at", nullable=True, schema=CASEWORK)
    op.execute(
        "UPDATE casework.checklist_versions AS v SET changed_at = v.published_at, "
        "phase = CASE WHEN v.current THEN 'published' ELSE 'superseded' END, "
        "unit = COALESCE((SELECT min(u.id) FROM casework.units AS u WHERE u.name = v.body ->> 'owner_unit'), "
        "(SELECT t.unit FROM casework.case_types AS t WHERE t.id = v.case_type))"
    )
    op.alter_column("checklist_versions", "unit", nullable=False, schema=CASEWORK)
    op.create_foreign_key(
        "checklist_versions_unit_fkey",
        "checklist_versions",
        "units",
        ["unit"],
        ["id"],
        source_schema=CASEWORK,
        referent_schema=CASEWORK,
    )
    in_work = sa.text("phase IN ('draft', 'in_review', 'approved')")
    op.create_index(
        "checklist_versions_work",
        "checklist_versions",
        ["id"],
        unique=True,
        schema=CASEWORK,
        postgresql_where=in_work,
    )
    op.create_index(
        "checklist_versions_asked",
        "checklist_versions",
        ["request_key"],
        unique=True,
        schema=CASEWORK,
        postgresql_where=sa.text("request_key <> ''"),
    )


def _history() -> None:
    op.create_table(
        "checklist_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("checklist_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _words("by"),
        _words("by_name"),
        _words("what"),
        sa.Column("facts", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index("checklist_history_of", "checklist_history", ["checklist_id", "id"], schema=CASEWORK)


def _reminders() -> None:
    op.create_table(
        "checklist_reminders",
        sa.Column("checklist_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("checklist_id", "version", "reason"),
        schema=CASEWORK,
    )


def _params() -> None:
    op.create_table(
        "unit_params",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _words("value"),
        _words("measure"),
        sa.Column("changed_at", MOMENT, nullable=False),
        _words("changed_by"),
        _words("changed_by_name"),
        sa.ForeignKeyConstraint(["unit"], ["casework.units.id"]),
        sa.PrimaryKeyConstraint("unit", "name"),
        schema=CASEWORK,
    )
    op.create_table(
        "unit_param_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _words("value"),
        _words("measure"),
        sa.Column("at", MOMENT, nullable=False),
        _words("by"),
        _words("by_name"),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index("unit_param_history_of", "unit_param_history", ["unit", "name", "id"], schema=CASEWORK)
