"""The catalogue: units, entrances, case types, checklists, people; and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("units", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("skills", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("channels", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("capacity", sa.Integer(), server_default=sa.text("100"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )


def _units() -> None:
    op.create_table(
        "units",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("legal_form", sa.Text(), server_default="förvaltning", nullable=False),
        sa.Column("controller", sa.Text(), server_default="", nullable=False),
        sa.Column("handover_address", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )


def _case_types() -> None:
    op.create_table(
        "case_types",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("path", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("question", sa.Text(), server_default="", nullable=False),
        sa.Column("typical_outcome", sa.Text(), server_default="close", nullable=False),
        sa.Column("share", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("checklist_id", sa.Text(), nullable=True),
        sa.Column("checklist_version", sa.Integer(), nullable=True),
        sa.Column("examples", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("deprecated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit"],
            ["casework.units.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )


def _entrances() -> None:
    op.create_table(
        "entrances",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("greeting", sa.Text(), server_default="", nullable=False),
        sa.Column("queue_message_url", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit"],
            ["casework.units.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="casework",
    )
    op.create_index("entrances_kind_value", "entrances", ["kind", "value"], unique=True, schema="casework")


def _checklist_versions() -> None:
    op.create_table(
        "checklist_versions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_type", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("body_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("review_by", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("current", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_type"],
            ["casework.case_types.id"],
        ),
        sa.PrimaryKeyConstraint("id", "version"),
        schema="casework",
    )
    op.create_index(
        "checklist_versions_current",
        "checklist_versions",
        ["id"],
        unique=True,
        schema="casework",
        postgresql_where=sa.text("current"),
    )


def upgrade() -> None:
    _outbox()
    _people()
    _units()
    _case_types()
    _entrances()
    _checklist_versions()


def downgrade() -> None:
    for table in (
        "checklist_versions",
        "entrances",
        "case_types",
        "units",
        "people",
        "outbox",
    ):
        op.drop_table(table, schema="casework")
