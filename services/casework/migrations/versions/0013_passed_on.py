"""Who has passed a hand-over on keeps it in sight; hand-overs of a period are counted without reading them all."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.add_column(
        "handovers",
        sa.Column("passed_by", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        schema=CASEWORK,
    )
    op.create_index("handovers_at", "handovers", ["at"], unique=False, schema=CASEWORK)


def downgrade() -> None:
    op.drop_index("handovers_at", "handovers", schema=CASEWORK)
    op.drop_column("handovers", "passed_by", schema=CASEWORK)
