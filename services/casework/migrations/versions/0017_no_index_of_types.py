"""An index goes that no plan can use: what comes back is looked for by its person, solved strictly or widely."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.drop_index("cases_type_person", "cases", schema=CASEWORK)


def downgrade() -> None:
    op.create_index(
        "cases_type_person",
        "cases",
        ["person_key", "case_type", "closed_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("first_contact"),
    )
