"""Who has a contact now, so that an agent in a call is not called free."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE stats.contacts ADD COLUMN agent_id text NOT NULL DEFAULT ''")
    op.execute("CREATE INDEX contacts_held ON stats.contacts (agent_id) WHERE state = 'assigned'")


def downgrade() -> None:
    op.execute("ALTER TABLE stats.contacts DROP COLUMN agent_id")
