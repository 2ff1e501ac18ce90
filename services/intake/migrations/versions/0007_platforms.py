"""What is read from e-service platforms and what they are told."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _word(name: str, *, nullable: bool = False, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=sa.text("''") if empty else None)


def _count() -> sa.Column[object]:
    return sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False)


def _families() -> None:
    op.create_table(
        "platform_families",
        _word("platform"),
        _word("family"),
        _moment("read_to"),
        _moment("looked_back_at", nullable=True),
        sa.PrimaryKeyConstraint("platform", "family"),
        schema="intake",
    )


def _instances() -> None:
    op.create_table(
        "platform_instances",
        _word("platform"),
        _word("instance"),
        _word("family"),
        _word("mark", empty=True),
        _word("first_contact", nullable=True),
        _word("case_id", nullable=True),
        _word("merged_into", nullable=True),
        _moment("told_at", nullable=True),
        _moment("touched_at", now=True),
        sa.PrimaryKeyConstraint("platform", "instance"),
        schema="intake",
    )
    for name in ("case_id", "merged_into", "touched_at"):
        op.create_index(f"ix_intake_platform_instances_{name}", "platform_instances", [name], schema="intake")
    op.create_table(
        "platform_versions",
        _word("contact_id"),
        _word("platform"),
        _word("instance"),
        _moment("claimed_at"),
        _moment("published_at", nullable=True),
        sa.PrimaryKeyConstraint("contact_id"),
        schema="intake",
    )
    op.create_index("platform_versions_instance", "platform_versions", ["platform", "instance"], schema="intake")


def _queues() -> None:
    op.create_table(
        "platform_pending",
        _word("platform"),
        _word("instance"),
        _word("family"),
        _word("mark", empty=True),
        _word("problem"),
        _moment("since"),
        _moment("next_at"),
        _count(),
        sa.PrimaryKeyConstraint("platform", "instance"),
        schema="intake",
    )
    op.create_table(
        "platform_answers",
        _word("platform"),
        _word("instance"),
        _word("what"),
        _word("family"),
        _word("contact_id", nullable=True),
        sa.Column("delivered", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _word("state", nullable=True),
        _moment("made_at"),
        _moment("due_at"),
        _count(),
        _word("problem", empty=True),
        sa.PrimaryKeyConstraint("platform", "instance", "what"),
        schema="intake",
    )
    op.create_index("platform_answers_due", "platform_answers", ["platform", "due_at"], schema="intake")


def upgrade() -> None:
    _families()
    _instances()
    _queues()


def downgrade() -> None:
    for name in ("answers", "pending", "versions", "instances", "families"):
        op.drop_table(f"platform_{name}", schema="intake")
