"""What was decided about dead letters."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE stats.dead_decision (
            letter text PRIMARY KEY, decision text NOT NULL, by text NOT NULL,
            at timestamptz NOT NULL DEFAULT now()
        )"""
    )


def downgrade() -> None:
    op.execute("DROP TABLE stats.dead_decision")
