"""What agents find missing or wrong in checklists has an owner, a day and an answer."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

CASEWORK = "casework"
_WORDS = ("kind", "unit", "step", "body", "reported_by", "reported_name", "answer", "answered_by", "answered_name")


def upgrade() -> None:
    moment = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "knowledge_gaps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), sa.ForeignKey("casework.cases.id"), nullable=False),
        sa.Column("case_type", sa.Text()),
        sa.Column("checklist_id", sa.Text()),
        sa.Column("checklist_version", sa.Integer()),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _WORDS),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("reported_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("answered_at", moment),
        sa.Column("seen_at", moment),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    op.create_index("knowledge_gaps_unit", "knowledge_gaps", ["unit", "state", "due_at"], schema=CASEWORK)
    op.create_index("knowledge_gaps_reporter", "knowledge_gaps", ["reported_by", "state"], schema=CASEWORK)


def downgrade() -> None:
    op.drop_table("knowledge_gaps", schema=CASEWORK)
