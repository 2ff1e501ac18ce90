"""Files that the virus scanner has given no verdict on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unscanned",
        sa.Column("store_key", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now() + interval '1 minute'"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("store_key"),
        schema="intake",
    )
    for name in ("contact_id", "since", "next_at"):
        op.create_index(f"ix_intake_unscanned_{name}", "unscanned", [name], unique=False, schema="intake")


def downgrade() -> None:
    op.drop_table("unscanned", schema="intake")
