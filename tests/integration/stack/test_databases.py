"""The databases of tests: empty when they begin, whatever the test before did, and none is made for nothing."""

import psycopg
import pytest

from tests.support import databases
from tests.support.parts import Parts

pytestmark = pytest.mark.integration


def oid_of(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
    return int(found[0]) if found else 0


def tables_of(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relkind = 'r'").fetchone()
    return int(found[0]) if found else 0


def test_what_was_not_touched_is_used_again_and_what_was_is_gone(parts: Parts) -> None:
    first = parts.new_database()
    unused = oid_of(first)
    parts.drop_database(first)
    second = parts.new_database()
    assert (oid_of(second), second == first) == (unused, False)
    with psycopg.connect(second, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    parts.drop_database(second)
    third = parts.new_database()
    assert (oid_of(third) == unused, tables_of(third)) == (False, 0)
    parts.drop_database(third)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(second)


def test_what_somebody_holds_open_or_has_set_is_not_used_again(parts: Parts) -> None:
    url = parts.new_database()
    with psycopg.connect(url, autocommit=True) as held:
        before = oid_of(url)
        parts.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            held.execute("SELECT 1")
    other = parts.new_database()
    assert oid_of(other) != before
    with psycopg.connect(other, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE \"{other.rsplit('/', 1)[1]}\" SET timezone TO 'UTC'".encode())
    before = oid_of(other)
    parts.drop_database(other)
    assert oid_of(parts.new_database()) != before


def test_a_copy_leaves_the_empty_one_for_the_next(parts: Parts) -> None:
    template, url = parts.new_database(), parts.new_database()
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    unused = oid_of(url)
    databases.copy(url, template.rsplit("/", 1)[1])
    assert tables_of(url) == 1
    assert oid_of(parts.new_database()) == unused
    parts.drop_database(url)
    parts.drop_database(template)
