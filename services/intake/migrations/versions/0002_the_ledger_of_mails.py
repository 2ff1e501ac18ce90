"""The ledger of mails, and what its comparison with the mailboxes found."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _place() -> list[sa.Column[object]]:
    return [
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("mailbox", sa.Text(), nullable=False),
        *_place(),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("message_hash", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mailbox", "folder", "uidvalidity", "uid"),
        schema="intake",
    )
    op.create_index("ix_intake_mails_seen_at", "mails", ["seen_at"], unique=False, schema="intake")
    op.create_index("mails_of_day", "mails", ["day", "mailbox"], unique=False, schema="intake")
    first, lying = sa.text("outcome <> 'duplicate'"), sa.text("moved_at IS NULL")
    op.create_index("mails_first", "mails", ["contact_id"], unique=True, schema="intake", postgresql_where=first)
    op.create_index("mails_not_moved", "mails", ["mailbox"], unique=False, schema="intake", postgresql_where=lying)


def _checks() -> None:
    op.create_table(
        "mail_checks",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("inbox", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("processed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mailbox"),
        schema="intake",
    )


def _differences() -> None:
    op.create_table(
        "mail_differences",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        *_place(),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="intake",
    )
    op.create_index(
        "ix_intake_mail_differences_mailbox", "mail_differences", ["mailbox"], unique=False, schema="intake"
    )


def upgrade() -> None:
    _mails()
    _checks()
    _differences()


def downgrade() -> None:
    for name in ("mail_differences", "mail_checks", "mails"):
        op.drop_table(name, schema="intake")
