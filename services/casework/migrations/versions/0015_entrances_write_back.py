"""An entrance has the address that answers to what came in by it are written from."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.add_column(
        "entrances", sa.Column("sender_address", sa.Text(), server_default="", nullable=False), schema=CASEWORK
    )


def downgrade() -> None:
    op.drop_column("entrances", "sender_address", schema=CASEWORK)
