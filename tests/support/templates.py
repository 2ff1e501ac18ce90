"""Databases that are filled once a run and copied for every test that begins with them."""

from collections.abc import Awaitable, Callable

import psycopg

_MADE: set[str] = set()


async def copied(url: str, name: str, fill: Callable[[str], Awaitable[None]]) -> None:
    """Give a test's empty database what `fill` puts into one; nobody may be connected to it yet."""
    server, database = url.rsplit("/", 1)
    template = f"{server}/template_{name}"
    if template not in _MADE:
        _execute(server, f'DROP DATABASE IF EXISTS "template_{name}"', f'CREATE DATABASE "template_{name}"')
        await fill(template)
        _MADE.add(template)
    _execute(server, f'DROP DATABASE "{database}"', f'CREATE DATABASE "{database}" TEMPLATE "template_{name}"')


def _execute(server: str, *statements: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
