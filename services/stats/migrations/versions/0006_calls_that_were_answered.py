"""When a citizen left before anybody had answered, and whether that was too soon for anybody to answer."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE stats.contacts ADD COLUMN left_at timestamptz")
    op.execute("ALTER TABLE stats.contacts ADD COLUMN short boolean NOT NULL DEFAULT false")
    op.execute("UPDATE stats.contacts SET left_at = ended_at WHERE state = 'abandoned' AND accepted_at IS NULL")
    op.execute("CREATE INDEX contacts_left ON stats.contacts (left_at) WHERE left_at IS NOT NULL")
    op.execute("DROP INDEX stats.contacts_ended")


def downgrade() -> None:
    op.execute("CREATE INDEX contacts_ended ON stats.contacts (ended_at) WHERE ended_at IS NOT NULL")
    op.execute("ALTER TABLE stats.contacts DROP COLUMN short")
    op.execute("ALTER TABLE stats.contacts DROP COLUMN left_at")
