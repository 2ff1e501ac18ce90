"""Columns as the tables of casework have them, and the metadata that they are in."""

from sqlalchemy import ARRAY, Boolean, Column, Double, Integer, MetaData, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

metadata = MetaData(schema="casework")


def words(name: str, **kwargs: object) -> Column[str]:
    """Return a column of text that is never null."""
    return Column(name, Text, nullable=False, server_default="", **kwargs)  # type: ignore[arg-type] # Column's overloads take no **kwargs


def maybe(name: str) -> Column[str]:
    """Return a column of text, or null."""
    return Column(name, Text)


def at(name: str, *, nullable: bool = True) -> Column[object]:
    """Return a column of moments."""
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def flag(name: str) -> Column[bool]:
    """Return a column that is false until it is set."""
    return Column(name, Boolean, nullable=False, server_default=sql("false"))


def listed(name: str) -> Column[list[str]]:
    """Return a column of texts."""
    return Column(name, ARRAY(Text), nullable=False, server_default=sql("'{}'"))


def json(name: str, default: str) -> Column[object]:
    """Return a column of JSON."""
    return Column(name, JSONB, nullable=False, server_default=sql(f"'{default}'"))


def count(name: str, default: str = "0") -> Column[int]:
    """Return a column of whole numbers."""
    return Column(name, Integer, nullable=False, server_default=sql(default))


def seconds(name: str) -> Column[float]:
    """Return a column of durations in seconds."""
    return Column(name, Double, nullable=False, server_default=sql("0"))
