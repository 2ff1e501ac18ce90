"""What a checklist has led to is counted by it; gap reports are found by their case and their day."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    named = sa.text("checklist_id IS NOT NULL")
    op.create_index("cases_checklist", "cases", ["checklist_id", "opened_at"], schema=CASEWORK, postgresql_where=named)
    op.create_index("knowledge_gaps_reported", "knowledge_gaps", ["reported_at"], schema=CASEWORK)
    op.create_index("knowledge_gaps_case", "knowledge_gaps", ["case_id"], schema=CASEWORK)


def downgrade() -> None:
    op.drop_index("knowledge_gaps_case", "knowledge_gaps", schema=CASEWORK)
    op.drop_index("knowledge_gaps_reported", "knowledge_gaps", schema=CASEWORK)
    op.drop_index("cases_checklist", "cases", schema=CASEWORK)
