"""An entrance says whose queue its callers wait in."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.add_column("entrances", sa.Column("queue_owner", sa.Text(), server_default="", nullable=False), schema=CASEWORK)


def downgrade() -> None:
    op.drop_column("entrances", "queue_owner", schema=CASEWORK)
