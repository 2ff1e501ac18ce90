"""When an SMS came to the phone, and the way from the provider's id to it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CASEWORK = "casework"


def upgrade() -> None:
    op.add_column("sms_out", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True), schema=CASEWORK)
    op.create_index(
        "sms_out_provider",
        "sms_out",
        ["provider_id"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("provider_id <> ''"),
    )


def downgrade() -> None:
    op.drop_index("sms_out_provider", "sms_out", schema=CASEWORK)
    op.drop_column("sms_out", "delivered_at", schema=CASEWORK)
