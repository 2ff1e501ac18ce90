"""Why the contact arose, as asked at close."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE stats.cases ADD COLUMN cause text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE stats.cases DROP COLUMN cause")
