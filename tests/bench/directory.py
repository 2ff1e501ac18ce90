"""How long the directory's search takes on the server with 5,000 persons, as one types: `make bench NAME=directory`.

Needs PostgreSQL at `KC_POSTGRES` (the local stack has one); it works in a database of its own, which it drops again.
"""

import argparse
import asyncio
import random
import re
import statistics
import time
from collections.abc import Iterator

import psycopg

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.directory import ImportDirectory, ReadDirectory
from shared.clock import utc_now
from shared.database import make_engine, upgrade
from shared.settings import ServiceSettings

NAME = "bench_directory"
FIRST = re.findall(r"\w+", "Karin Lena Per Ulrika Göran Hillevi Samira Tobias Jonas Malin Åsa Ragnar Wilma Olof Örjan")
ROOTS = re.findall(
    r"\w+", "Ström Berg Lind Wenner Löv Sand Norr Grön Vik Rosen Käll Sten Hed Björn Fjäll Törn Bro Qvarn"
)
ENDS = re.findall(r"\w+", "qvist lund gård bo rot by hag sten skog mark åker hult mo vik fors stad")
TITLES = re.findall(r"\w+", "Handläggare Arkitekt Rektor Socialsekreterare Ingenjör Vaktmästare Chef Lärare")


def lines(count: int) -> Iterator[str]:
    """Yield the lines of a file."""
    chance = random.Random(8)
    yield "nyckel;namn;titel;verksamhet;telefon;anknytning;sökord"
    for number in range(count):
        name = f"{chance.choice(FIRST)} {chance.choice(ROOTS)}{chance.choice(ENDS)}"
        said = (
            str(number),
            name,
            chance.choice(TITLES),
            "Kansli",
            "08-465 004 20",
            f"{number:04}",
            f"ord{number % 300}",
        )
        yield ";".join(said)


def typed(count: int) -> Iterator[str]:
    """Yield what is in the box after each key: names, names with a slip, titles, extensions."""
    chance = random.Random(9)
    for _ in range(count):
        last = f"{chance.choice(ROOTS)}{chance.choice(ENDS)}"
        at = chance.randrange(1, len(last) - 1)
        slipped = last[:at] + last[at + 1 :]
        text = chance.choice(
            (
                last,
                f"{chance.choice(FIRST)} {last}",
                slipped,
                chance.choice(TITLES),
                f"{chance.randrange(5000):04}",
            )
        )
        yield from (text[:end] for end in range(2, len(text) + 1))


async def measure(url: str, count: int, words: int) -> None:
    """Fill a database and search in it."""
    engine = make_engine(ServiceSettings(postgres=url), "casework")
    uow = UnitOfWork(engine)
    async with engine.begin() as conn:
        await conn.exec_driver_sql("INSERT INTO casework.units (id, name) VALUES ('kansli', 'Kansli')")
    began = time.perf_counter()
    await ImportDirectory(uow, utc_now).run("\n".join(lines(count)).encode())
    print(f"import of {count}: {time.perf_counter() - began:.1f} s")
    read, spent = ReadDirectory(uow, utc_now), []
    for text in typed(words):
        at = time.perf_counter()
        await read.find(text, 4)
        spent.append((time.perf_counter() - at) * 1000)
    cuts = statistics.quantiles(spent, n=100)
    print(f"{len(spent)} searches: p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms")
    await engine.dispose()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--words", type=int, default=300, help="how many words are typed, letter by letter")
    given = parser.parse_args()
    base = ServiceSettings().postgres
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {NAME}".encode())
        connection.execute(f"CREATE DATABASE {NAME}".encode())
        url = f"{base.rsplit('/', 1)[0]}/{NAME}"
        try:
            upgrade(url, "services.casework.migrations")
            asyncio.run(measure(url, given.people, given.words))
        finally:
            connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)".encode())


if __name__ == "__main__":
    main()
