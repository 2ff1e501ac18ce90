"""What the contact centre does not answer for yet, counted apart."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for table in ("contacts", "cases"):
        op.execute(f"ALTER TABLE stats.{table} ADD COLUMN taken_over text NOT NULL DEFAULT 'overtagen'")
    op.execute("ALTER TABLE stats.cube ADD COLUMN not_taken int NOT NULL DEFAULT 0")


def downgrade() -> None:
    op.execute("ALTER TABLE stats.cube DROP COLUMN not_taken")
    for table in ("cases", "contacts"):
        op.execute(f"ALTER TABLE stats.{table} DROP COLUMN taken_over")
