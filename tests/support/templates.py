"""Databases that are filled once a run and copied for every test that begins with them."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg

from shared.database import upgrade
from tests.support.databases import copy

_MADE: set[str] = set()


def migrated(url: str, package: str) -> None:
    """Give a test's database the tables of a service: an empty one that nobody is connected to gets a copy."""
    if not _empty(url):
        upgrade(url, package)
        return
    server = url.rsplit("/", 1)[0]
    name = f"template_{package.replace('.', '_')}"
    if f"{server}/{name}" not in _MADE:
        _execute_now(server, (f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"'))
        upgrade(f"{server}/{name}", package)
        _MADE.add(f"{server}/{name}")
    copy(url, name)


def _empty(url: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT LIKE 'pg_%' AND schemaname <> 'information_schema'"
        ).fetchone()
    return found == (0,)


async def copied(url: str, name: str, fill: Callable[[str], Awaitable[None]]) -> None:
    """Give a test's empty database what `fill` puts into one; nobody may be connected to it yet."""
    server = url.rsplit("/", 1)[0]
    template = f"template_{name}"
    if f"{server}/{template}" not in _MADE:
        await _execute(server, f'DROP DATABASE IF EXISTS "{template}"', f'CREATE DATABASE "{template}"')
        await fill(f"{server}/{template}")
        _MADE.add(f"{server}/{template}")
    await asyncio.to_thread(copy, url, template)


async def _execute(server: str, *statements: str) -> None:
    """In a thread: the way to the server may be a gate of the test's own loop."""
    await asyncio.to_thread(_execute_now, server, statements)


def _execute_now(server: str, statements: tuple[str, ...]) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
