"""The directory: persons and functions, the words that they are found by, and a file that waits to be taken in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

CASEWORK = "casework"
PLAIN = sa.Text(collation="C")


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "directory",
        sa.Column("id", sa.Text(), nullable=False),
        _words("kind"),
        _words("name"),
        _words("title"),
        sa.Column("unit", sa.Text(), nullable=False),
        _words("place"),
        _words("phone"),
        _words("extension"),
        _words("mobile"),
        _flag("mobile_shown"),
        _flag("protected"),
        _words("email"),
        sa.Column("keywords", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("away_until", sa.Date()),
        _words("stand_in"),
        sa.Column("imported", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("gone_at", postgresql.TIMESTAMP(timezone=True)),
        sa.ForeignKeyConstraint(["unit"], ["casework.units.id"]),
        sa.PrimaryKeyConstraint("id"),
        schema=CASEWORK,
    )
    _found_by()


def downgrade() -> None:
    for table in ("directory_files", "directory_words", "directory"):
        op.drop_table(table, schema=CASEWORK)


def _found_by() -> None:
    op.create_table(
        "directory_words",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("folded", PLAIN, nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(PLAIN), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["casework.directory.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry", "folded"),
        schema=CASEWORK,
    )
    op.create_index("directory_words_folded", "directory_words", ["folded"], unique=False, schema=CASEWORK)
    op.create_index(
        "directory_words_keys",
        "directory_words",
        ["keys"],
        unique=False,
        schema=CASEWORK,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "directory_files",
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("by"),
        schema=CASEWORK,
    )
