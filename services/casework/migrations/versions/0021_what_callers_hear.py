"""An entrance has the number that answers what is urgent when it is closed, and the languages that it offers."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.add_column("entrances", sa.Column("jour", sa.Text(), server_default="", nullable=False), schema=CASEWORK)
    op.add_column(
        "entrances",
        sa.Column("languages", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        schema=CASEWORK,
    )


def downgrade() -> None:
    op.drop_column("entrances", "languages", schema=CASEWORK)
    op.drop_column("entrances", "jour", schema=CASEWORK)
