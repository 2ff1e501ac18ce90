"""A step that is a decision keeps by which delegation it was taken."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run_steps", sa.Column("reference", sa.Text(), server_default="", nullable=False), schema="casework")


def downgrade() -> None:
    op.drop_column("run_steps", "reference", schema="casework")
