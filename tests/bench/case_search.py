"""The search: how long it takes by HTTP for six kinds of query, as it was by ILIKE, and what it finds despite slips."""

import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncEngine

from services.casework.store.reads import narrowed
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.search_cases import SearchCases
from shared.clock import utc_now
from shared.vocabulary import Role
from shared.web.access import Person
from tests.bench.case_data import Case, Town
from tests.bench.case_house import CaseHouse
from tests.bench.common import percent, quantile

_AGENT = Person("agent-maria-lind", "Maria Lind", frozenset({Role.AGENT}), frozenset({"*"}))
_LETTERS = "abcdefghijklmnoprstuvyåäö"
_SOUNDS = (("kv", "qv"), ("qv", "kv"), ("k", "c"), ("c", "k"), ("v", "w"), ("ks", "x"), ("f", "ph"))
_DOTS = str.maketrans("åäö", "aao")
Rng = random.Random


def _one_word(change: Callable[[Rng, str], str]) -> Callable[[Rng, str], str]:
    """Change one of the longer words of a query."""

    def changed(rng: Rng, text: str) -> str:
        words = text.split()
        at = rng.choice([at for at, word in enumerate(words) if len(word) >= 4] or [0])
        words[at] = change(rng, words[at])
        return " ".join(words)

    return changed


def _missing(rng: Rng, word: str) -> str:
    at = rng.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def _more(rng: Rng, word: str) -> str:
    at = rng.randrange(1, len(word))
    return word[:at] + rng.choice(_LETTERS) + word[at:]


def _other(rng: Rng, word: str) -> str:
    at = rng.randrange(1, len(word))
    return word[:at] + rng.choice(_LETTERS) + word[at + 1 :]


def _swapped(rng: Rng, word: str) -> str:
    at = rng.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _single(_: Rng, word: str) -> str:
    twice = [at for at in range(1, len(word)) if word[at] == word[at - 1]]
    return word[: twice[0]] + word[twice[0] + 1 :] if twice else word


def _heard(_: Rng, word: str) -> str:
    old, new = next(((old, new) for old, new in _SOUNDS if old in word[1:]), ("", ""))
    return word[0] + word[1:].replace(old, new, 1) if old else word


SLIPS: Mapping[str, Callable[[Rng, str], str]] = {
    "as it is": lambda _, text: text,
    "no dots": lambda _, text: text.lower().translate(_DOTS),
    "a letter missing": _one_word(_missing),
    "a letter more": _one_word(_more),
    "another letter": _one_word(_other),
    "two swapped": _one_word(_swapped),
    "one of a double": _one_word(_single),
    "as it sounds": _one_word(_heard),
    "no dots and a slip": lambda rng, text: _one_word(_missing)(rng, text.lower().translate(_DOTS)),
}


def _who_and_where(case: Case) -> str:
    return f"{case.person.name} {case.rare}".lower()


def _queries(town: Town, count: int, seed: int) -> dict[str, list[str]]:
    rng = random.Random(seed)
    chosen = [rng.choice(town.made) for _ in range(count)]
    dotted = [case for case in town.made if set(case.person.name.lower()) & set("åäö")]
    written = [_number(rng, case.number) for case in chosen]
    return {
        "number": written,
        "name": [case.person.name for case in chosen],
        "phone": [_phone(rng, case.person.phone) for case in chosen],
        "words": [" ".join(rng.sample(case.words.split(), min(3, len(case.words.split())))) for case in chosen],
        "å ä ö": [rng.choice(dotted).person.name for _ in chosen],
        "slips": [rng.choice(list(SLIPS.values())[2:])(rng, _who_and_where(case)) for case in chosen],
    }


def _number(rng: Rng, number: str) -> str:
    _, year, serial = number.split("-")
    return rng.choice((number, f"{year}-{int(serial)}", str(int(serial)), serial, f"kc {year} {int(serial)}"))


def _phone(rng: Rng, phone: str) -> str:
    home = f"0{phone[3:]}"
    return rng.choice((phone, home, f"{home[:3]}-{home[3:6]} {home[6:8]} {home[8:]}", home[-4:], home[-6:]))


async def speed(own: CaseHouse, town: Town, count: int, number: int) -> dict[str, Any]:
    """Return p50 and p95 by kind, in ms, one after the other over one connection."""
    found: dict[str, Any] = {}
    async with own.connections(1) as (connection,):
        for kind, queries in _queries(town, count + 8, 100 + number).items():
            times = []
            for query in queries:
                began = time.perf_counter()
                status, raw = await connection.call("GET", f"/api/v1/cases?q={quote(query)}")
                times.append((time.perf_counter() - began) * 1e3)
                if status != 200:
                    raise SystemExit(f"search {kind}: {status} {raw[:300]!r}")
            found[kind] = {"p50": quantile(times[8:], 0.5, 1), "p95": quantile(times[8:], 0.95, 1)}
    return found


async def baseline(engine: AsyncEngine, town: Town, count: int) -> dict[str, float]:
    """Return p50 by kind of the search as it was: a pattern in seven columns, newest first."""
    found = {}
    for kind, queries in _queries(town, count, 100).items():
        times = []
        for query in queries:
            began = time.perf_counter()
            async with UnitOfWork(engine).read() as work:
                await work.reads.page(narrowed(None, text=query), None, 50)
            times.append((time.perf_counter() - began) * 1e3)
        found[kind] = quantile(times, 0.5, 1)
    return found


async def recall(engine: AsyncEngine, town: Town, count: int) -> dict[str, float]:
    """Return by kind of slip how often, in per cent, a name and street find a case of hers among the first five."""
    search = SearchCases(UnitOfWork(engine), utc_now)
    hers: dict[str, set[str]] = {}
    for case in town.made:
        hers.setdefault(case.person.key, set()).add(case.number)
    found = {}
    for kind, change in SLIPS.items():
        rng = random.Random(kind)
        hits = 0
        for _ in range(count):
            case = rng.choice(town.made)
            view = await search.run(_AGENT, change(rng, _who_and_where(case)))
            hits += any(hit.case.number in hers[case.person.key] for hit in view.hits[:5])
        found[kind] = percent(hits, count)
    return found
