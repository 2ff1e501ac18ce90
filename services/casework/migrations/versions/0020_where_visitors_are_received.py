"""Where a person receives visitors: a desk or a room."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("place", sa.Text()), schema="casework")


def downgrade() -> None:
    op.drop_column("people", "place", schema="casework")
