"""The search: words of cases, a vocabulary, and triggers that mark every case whose words have changed.

Cases that are there already are marked here and indexed by the service when it runs, a page at a time.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CASEWORK = "casework"
PLAIN = sa.Text(collation="C")
AT_ONCE = {"fastupdate": "off"}
"""No list of what is not indexed yet: it would have to be read by every search, and emptied by some unlucky deed."""

_MARK = """
CREATE FUNCTION casework.search_mark(marked text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO casework.search_marks (by, case_id)
    SELECT pg_current_xact_id()::text::bigint, marked WHERE marked IS NOT NULL ON CONFLICT DO NOTHING
$$
"""
_FUNCTIONS = {
    "search_case": "PERFORM casework.search_mark(NEW.id);",
    "search_part": "PERFORM casework.search_mark(NEW.case_id);",
    "search_moved": "PERFORM casework.search_mark(NEW.case_id); PERFORM casework.search_mark(OLD.case_id);",
}
_INSERTED = (
    ("cases", "search_case", ""),
    ("contacts", "search_part", "NEW.case_id IS NOT NULL"),
    ("messages", "search_part", ""),
    ("notes", "search_part", ""),
    ("case_people", "search_part", ""),
    ("handovers", "search_part", ""),
    ("run_steps", "search_part", "NEW.note <> ''"),
)
_CHANGED = (
    ("cases", "search_case", ("unit", "case_type", "number")),
    (
        "contacts",
        "search_moved",
        ("case_id", "sender_name", "sender_email", "sender_phone", "subject", "body", "fields", "purged_at"),
    ),
    ("messages", "search_moved", ("case_id", "recipient", "subject", "body", "undone_at")),
    ("notes", "search_moved", ("case_id", "body")),
    ("case_people", "search_moved", ("case_id", "name", "email", "phone", "note", "removed_at")),
    (
        "handovers",
        "search_moved",
        ("case_id", "unit", "external_ref", "message", "reason", "end_text", "performer", "progress"),
    ),
    ("run_steps", "search_moved", ("case_id", "note")),
)


def upgrade() -> None:
    op.create_table(
        "search_docs",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("words", postgresql.ARRAY(PLAIN), nullable=False),
        sa.Column("made", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
        schema=CASEWORK,
    )
    op.create_index("search_docs_made", "search_docs", ["made"], unique=False, schema=CASEWORK)
    _gin("search_docs_words", "search_docs", "words")
    op.create_table(
        "search_words",
        sa.Column("word", PLAIN, nullable=False),
        sa.Column("folded", PLAIN, nullable=False),
        sa.Column("keys", postgresql.ARRAY(PLAIN), nullable=False),
        sa.PrimaryKeyConstraint("word"),
        schema=CASEWORK,
    )
    op.create_index("search_words_folded", "search_words", ["folded"], unique=False, schema=CASEWORK)
    _gin("search_words_keys", "search_words", "keys")
    op.create_table(
        "search_marks",
        sa.Column("by", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("by", "case_id"),
        schema=CASEWORK,
    )
    _triggers()
    _indexes()
    op.execute("INSERT INTO casework.search_marks (by, case_id) SELECT 0, id FROM casework.cases")


def downgrade() -> None:
    for table, _, _ in _INSERTED:
        op.execute(f"DROP TRIGGER search_inserted ON casework.{table}")
        op.execute(f"DROP TRIGGER search_changed ON casework.{table}")
    for name in _FUNCTIONS:
        op.execute(f"DROP FUNCTION casework.{name}()")
    op.execute("DROP FUNCTION casework.search_mark(text)")
    op.drop_index("handovers_over", table_name="handovers", schema=CASEWORK)
    op.drop_index("contacts_agent", table_name="contacts", schema=CASEWORK)
    op.drop_index("cases_state", table_name="cases", schema=CASEWORK)
    for table in ("search_marks", "search_words", "search_docs"):
        op.drop_table(table, schema=CASEWORK)


def _indexes() -> None:
    """What was missing for lists of one state, for what an agent has in her hands, and for what ended last."""
    op.create_index(
        "handovers_over",
        "handovers",
        ["ended_at"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index("cases_state", "cases", ["state", "opened_at", "id"], unique=False, schema=CASEWORK)
    op.create_index(
        "contacts_agent",
        "contacts",
        ["agent_id"],
        unique=False,
        schema=CASEWORK,
        postgresql_where=sa.text("done_at IS NULL AND agent_id IS NOT NULL"),
    )


def _gin(name: str, table: str, column: str) -> None:
    op.create_index(
        name, table, [column], unique=False, schema=CASEWORK, postgresql_using="gin", postgresql_with=AT_ONCE
    )


def _triggers() -> None:
    op.execute(_MARK)
    for name, body in _FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION casework.{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
        )
    for table, function, when in _INSERTED:
        condition = f" WHEN ({when})" if when else ""
        op.execute(
            f"CREATE TRIGGER search_inserted AFTER INSERT ON casework.{table} FOR EACH ROW{condition} "
            f"EXECUTE FUNCTION casework.{function}()"
        )
    for table, function, columns in _CHANGED:
        differs = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
        op.execute(
            f"CREATE TRIGGER search_changed AFTER UPDATE OF {', '.join(columns)} ON casework.{table} FOR EACH ROW "
            f"WHEN ({differs}) EXECUTE FUNCTION casework.{function}()"
        )
