"""A form can be made for one case type: what comes in by it is about that, without a guess."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.add_column("entrances", sa.Column("case_type", sa.Text(), nullable=True), schema=CASEWORK)
    op.create_foreign_key(
        "entrances_case_type_fkey",
        "entrances",
        "case_types",
        ["case_type"],
        ["id"],
        source_schema=CASEWORK,
        referent_schema=CASEWORK,
    )


def downgrade() -> None:
    op.drop_constraint("entrances_case_type_fkey", "entrances", schema=CASEWORK)
    op.drop_column("entrances", "case_type", schema=CASEWORK)
