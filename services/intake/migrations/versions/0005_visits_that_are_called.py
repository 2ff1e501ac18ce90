"""When and how often a visitor was called, and her language."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    language = sa.Column("language", sa.Text(), nullable=False, server_default=sa.text("'sv'"))
    op.add_column("visits", language, schema="intake")
    op.add_column("visits", sa.Column("called_at", sa.DateTime(timezone=True)), schema="intake")
    calls = sa.Column("calls", sa.Integer(), nullable=False, server_default=sa.text("0"))
    op.add_column("visits", calls, schema="intake")


def downgrade() -> None:
    for name in ("calls", "called_at", "language"):
        op.drop_column("visits", name, schema="intake")
