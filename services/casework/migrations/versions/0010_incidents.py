"""Incidents, and the cases that are about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)
LISTED = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    _incidents()
    _incident_cases()


def downgrade() -> None:
    op.drop_table("incident_cases", schema=CASEWORK)
    op.drop_table("incidents", schema=CASEWORK)


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("entrances", LISTED, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("case_types", LISTED, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("greeting", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_by", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("expected_end", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("alarm_id", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["casework.units.id"]),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index(
        "incidents_open",
        "incidents",
        ["opened_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _incident_cases() -> None:
    op.create_table(
        "incident_cases",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["casework.cases.id"]),
        sa.ForeignKeyConstraint(["incident_id"], ["casework.incidents.id"]),
        sa.PrimaryKeyConstraint("incident_id", "case_id"),
        schema=CASEWORK,
    )
    op.create_index("incident_cases_case", "incident_cases", ["case_id"], unique=False, schema=CASEWORK)
