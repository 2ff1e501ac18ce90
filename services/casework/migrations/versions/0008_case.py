"""The case in full: its people, links and history, parking, first contact, and return calls nobody answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)
JSONB = postgresql.JSONB()


def upgrade() -> None:
    _cases()
    _case_people()
    _case_links()
    _case_history()
    _contacts()
    _drafts()
    _notes()
    _call_tries()


def downgrade() -> None:
    op.drop_table("call_tries", schema=CASEWORK)
    for name in ("corrects",):
        op.drop_column("notes", name, schema=CASEWORK)
    op.execute("DELETE FROM casework.drafts WHERE kind <> 'note'")
    op.drop_constraint("drafts_pkey", "drafts", schema=CASEWORK)
    op.create_primary_key("drafts_pkey", "drafts", ["case_id", "person"], schema=CASEWORK)
    for name in ("kind",):
        op.drop_column("drafts", name, schema=CASEWORK)
    for name in ("hold_seconds", "after_work_seconds"):
        op.drop_column("contacts", name, schema=CASEWORK)
    op.drop_table("case_history", schema=CASEWORK)
    op.drop_table("case_links", schema=CASEWORK)
    op.drop_table("case_people", schema=CASEWORK)
    op.drop_index("cases_closed_by", "cases", schema=CASEWORK)
    op.drop_index("cases_parked", "cases", schema=CASEWORK)
    op.drop_index("cases_type_person", "cases", schema=CASEWORK)
    for name in (
        "version",
        "changed_by",
        "parked_why",
        "parked_by",
        "waiting_since",
        "merged_into",
        "first_contact_wide",
        "first_contact_withdrawn_at",
        "first_contact_withdrawn_why",
        "protected",
    ):
        op.drop_column("cases", name, schema=CASEWORK)


def _cases() -> None:
    for column in (
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("parked_why", sa.Text(), server_default="", nullable=False),
        sa.Column("parked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("waiting_since", MOMENT, nullable=True),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("first_contact_wide", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("first_contact_withdrawn_at", MOMENT, nullable=True),
        sa.Column("first_contact_withdrawn_why", sa.Text(), server_default="", nullable=False),
        sa.Column("protected", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    ):
        op.add_column("cases", column, schema=CASEWORK)
    op.create_index(
        "cases_closed_by",
        "cases",
        ["closed_by", "closed_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("closed_by IS NOT NULL"),
    )
    op.create_index(
        "cases_parked",
        "cases",
        ["parked_until"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index(
        "cases_type_person",
        "cases",
        ["person_key", "case_type", "closed_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("first_contact"),
    )


def _case_people() -> None:
    op.create_table(
        "case_people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.Column("removed_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["casework.cases.id"]),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index(op.f("ix_casework_case_people_case_id"), "case_people", ["case_id"], unique=False, schema=CASEWORK)


def _case_links() -> None:
    op.create_table(
        "case_links",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["casework.cases.id"]),
        sa.ForeignKeyConstraint(["other_id"], ["casework.cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "other_id", "kind"),
        schema=CASEWORK,
    )
    op.create_index("case_links_other", "case_links", ["other_id"], unique=False, schema=CASEWORK)


def _case_history() -> None:
    op.create_table(
        "case_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("by_name", sa.Text(), server_default="", nullable=False),
        sa.Column("what", sa.Text(), server_default="", nullable=False),
        sa.Column("facts", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["casework.cases.id"]),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index("case_history_case", "case_history", ["case_id", "id"], unique=False, schema=CASEWORK)


def _contacts() -> None:
    columns: tuple[sa.Column[float], ...] = (
        sa.Column("hold_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("after_work_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
    )
    for column in columns:
        op.add_column("contacts", column, schema=CASEWORK)


def _drafts() -> None:
    for column in (sa.Column("kind", sa.Text(), server_default="note", nullable=False),):
        op.add_column("drafts", column, schema=CASEWORK)
    op.drop_constraint("drafts_pkey", "drafts", schema=CASEWORK)
    op.create_primary_key("drafts_pkey", "drafts", ["case_id", "person", "kind"], schema=CASEWORK)


def _notes() -> None:
    for column in (sa.Column("corrects", sa.Text(), nullable=True),):
        op.add_column("notes", column, schema=CASEWORK)


def _call_tries() -> None:
    op.create_table(
        "call_tries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index("call_tries_case", "call_tries", ["case_id", "at"], unique=False, schema=CASEWORK)
