"""What the search looks in: the words of each case, the vocabulary, and the cases whose words have changed."""

from sqlalchemy import ARRAY, BigInteger, Column, Index, Integer, Table, Text, text

from services.casework.store.tables.columns import at, metadata

_PLAIN = Text(collation="C")
"""Compared byte by byte: the same everywhere, and a prefix is a range."""

search_docs = Table(
    "search_docs",
    metadata,
    Column("case_id", Text, primary_key=True),
    at("opened_at", nullable=False),
    Column("words", ARRAY(_PLAIN), nullable=False),
    Column("made", Integer, nullable=False, server_default=text("0")),
    Index("search_docs_made", "made"),
    Index("search_docs_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
)
"""The distinct words and marks of a case (`domain.search`); `made` is the version of the rules they were made by."""

search_words = Table(
    "search_words",
    metadata,
    Column("word", _PLAIN, primary_key=True),
    Column("folded", _PLAIN, nullable=False),
    Column("keys", ARRAY(_PLAIN), nullable=False),
    Index("search_words_folded", "folded"),
    Index("search_words_keys", "keys", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
)
"""Every word that a case has; `keys` are where words meet that are a slip from each other."""

search_marks = Table(
    "search_marks",
    metadata,
    Column("by", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
)
"""Cases whose words have changed, by transaction: marked by triggers, indexed by the same transaction at its end."""
