"""First contact withdrawn, what the checklist allowed, and what a case has taken."""

from alembic import op

revision = "0005"
down_revision = "0004"

_COLUMNS = (
    "withdrawn boolean NOT NULL DEFAULT false",
    "allowed boolean",
    "handling double precision NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE stats.cases ADD COLUMN {column}")


def downgrade() -> None:
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE stats.cases DROP COLUMN {column.split()[0]}")
