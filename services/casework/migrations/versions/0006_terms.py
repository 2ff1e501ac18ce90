"""On what terms an agent works, where that is not as usual."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    terms = sa.Column("terms", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    op.add_column("people", terms, schema="casework")


def downgrade() -> None:
    op.drop_column("people", "terms", schema="casework")
