"""The databases of tests: a new name for an empty one that nobody has a use for costs a tenth of a new database."""

import secrets
from typing import Any

import psycopg

BY_FILES = "STRATEGY FILE_COPY"
"""How a server that does not sync copies a database soonest: a third of the time that its log takes."""
_SPARE: dict[str, list[str]] = {}
"""Empty databases by their server."""
_FILLED: set[str] = set()
_TOUCHED = """SELECT
(SELECT count(*) FROM (SELECT oid FROM pg_class UNION ALL SELECT oid FROM pg_namespace UNION ALL SELECT oid FROM pg_proc
   UNION ALL SELECT oid FROM pg_type UNION ALL SELECT oid FROM pg_extension) AS things WHERE oid >= 16384)
+ (SELECT count(*) FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
   WHERE d.datname = current_database())
+ (SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database())"""
"""Whatever is not the server's own (16384 is the first OID that is not), what was set, who else is there."""


def empty(postgres: str) -> str:
    """Make an empty database on this server and return its URL."""
    server, name = postgres.rsplit("/", 1)[0], f"test_{secrets.token_hex(6)}"
    with _at(server) as connection:
        if spare := _SPARE.get(server):
            connection.execute(f'ALTER DATABASE "{spare.pop()}" RENAME TO "{name}"'.encode())
        else:
            connection.execute(f'CREATE DATABASE "{name}" {BY_FILES}'.encode())
    return f"{server}/{name}"


def filled(postgres: str, template: str) -> str:
    """Make a database that is a copy of another on this server and return its URL."""
    server, name = postgres.rsplit("/", 1)[0], f"test_{secrets.token_hex(6)}"
    with _at(server) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {BY_FILES}'.encode())
    _FILLED.add(f"{server}/{name}")
    return f"{server}/{name}"


def copy(url: str, template: str) -> None:
    """Let an empty database be a copy of another of its server; nobody may be connected to either."""
    server, name = url.rsplit("/", 1)
    with _at(server) as connection:
        _put_aside(connection, server, name)
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {BY_FILES}'.encode())
    _FILLED.add(url)


def give_back(url: str) -> None:
    """End the use of a database, whoever is still connected: what was never touched is kept for the next."""
    server, name = url.rsplit("/", 1)
    if url in _FILLED or not _kept(url, server, name):
        with _at(server) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
    _FILLED.discard(url)


def _kept(url: str, server: str, name: str) -> bool:
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            if connection.execute(_TOUCHED).fetchone() != (0,):
                return False
        with _at(server) as connection:
            _put_aside(connection, server, name)
    except psycopg.Error:  # it is gone, or somebody has come meanwhile
        return False
    return True


def _put_aside(connection: psycopg.Connection[Any], server: str, name: str) -> None:
    spare = f"spare_{secrets.token_hex(6)}"
    connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{spare}"'.encode())
    _SPARE.setdefault(server, []).append(spare)


def _at(server: str) -> psycopg.Connection[Any]:
    return psycopg.connect(f"{server}/postgres", autocommit=True)
