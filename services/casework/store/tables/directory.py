"""The directory: persons and functions, the words that they are found by, and a file that waits to be taken in."""

from sqlalchemy import ARRAY, Column, Date, ForeignKey, Index, Integer, LargeBinary, Table, Text

from services.casework.store.tables.columns import at, flag, json, listed, metadata, words

_PLAIN = Text(collation="C")
"""Compared byte by byte: a prefix is a range."""

directory = Table(
    "directory",
    metadata,
    Column("id", Text, primary_key=True),
    words("kind"),
    words("name"),
    words("title"),
    Column("unit", Text, ForeignKey("casework.units.id"), nullable=False),
    words("place"),
    words("phone"),
    words("extension"),
    words("mobile"),
    flag("mobile_shown"),
    flag("protected"),
    words("email"),
    listed("keywords"),
    Column("away_until", Date),
    words("stand_in"),
    json("imported", "{}"),
    at("gone_at"),
)
"""`imported` is the line as the file had it last: what was set by hand since then is no change of the file's."""

directory_words = Table(
    "directory_words",
    metadata,
    Column("entry", Text, ForeignKey("casework.directory.id", ondelete="CASCADE"), primary_key=True),
    Column("folded", _PLAIN, primary_key=True),
    Column("weight", Integer, nullable=False),
    Column("keys", ARRAY(_PLAIN), nullable=False),
    Index("directory_words_folded", "folded"),
    Index("directory_words_keys", "keys", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
)
"""Words of the entries that are there; `keys` are where words meet that are a slip from each other."""

directory_files = Table(
    "directory_files",
    metadata,
    Column("by", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    at("at", nullable=False),
)
"""A file between its report and the word to take it in: one for each administrator, for a day at most."""
