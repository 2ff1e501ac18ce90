"""What comes too often is counted and gathered; receipts are counted by the day; a mail is found by whom it went to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CASEWORK = "casework"
MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mail_bursts",
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), server_default="", nullable=False),
        sa.Column("count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash"),
        schema=CASEWORK,
    )
    op.create_index("mail_bursts_at", "mail_bursts", ["at"], unique=False, schema=CASEWORK)
    op.add_column(
        "receipt_marks",
        sa.Column("count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        schema=CASEWORK,
    )
    op.add_column("receipt_marks", sa.Column("since", MOMENT, nullable=True), schema=CASEWORK)
    op.create_index("receipt_marks_at", "receipt_marks", ["at"], unique=False, schema=CASEWORK)
    op.create_index("mails_out_recipient", "mails_out", ["recipient"], unique=False, schema=CASEWORK)


def downgrade() -> None:
    op.drop_index("mails_out_recipient", "mails_out", schema=CASEWORK)
    op.drop_index("receipt_marks_at", "receipt_marks", schema=CASEWORK)
    op.drop_column("receipt_marks", "since", schema=CASEWORK)
    op.drop_column("receipt_marks", "count", schema=CASEWORK)
    op.drop_index("mail_bursts_at", "mail_bursts", schema=CASEWORK)
    op.drop_table("mail_bursts", schema=CASEWORK)
