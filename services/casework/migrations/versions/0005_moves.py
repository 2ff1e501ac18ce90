"""What happens to a contact between being taken and being done, and which colleague is asked about it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moves",
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("agent_id", sa.Text(), server_default="", nullable=False),
        sa.Column("other", sa.Text(), server_default="", nullable=False),
        sa.Column("call_at", postgresql.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("contact_id", "epoch", "what", "at"),
        schema="casework",
    )
    for name in ("kind", "about", "asked"):
        op.add_column("contacts", sa.Column(name, sa.Text(), server_default="", nullable=False), schema="casework")
    op.create_index(
        "contacts_about",
        "contacts",
        ["about"],
        schema="casework",
        postgresql_where=sa.text("about <> ''"),
    )


def downgrade() -> None:
    op.drop_index("contacts_about", "contacts", schema="casework")
    for name in ("asked", "about", "kind"):
        op.drop_column("contacts", name, schema="casework")
    op.drop_table("moves", schema="casework")
