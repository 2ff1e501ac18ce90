"""Hand-overs as tests make them: a case that its checklist leads to the housing company, handed over by Maria."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import psycopg

from services.casework.usecases.views import CaseView, HandoverView
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import CHILD, MARIA, Room

EVA = Person("officer-eva-ny", "Eva Ny", frozenset({Role.OFFICER}), frozenset({"bostadsbolag"}))
LINA = Person("officer-lina-ek", "Lina Ek", frozenset({Role.OFFICER}), frozenset({"bostadsbolag"}))
SAM = Person("officer-sam-ask", "Sam Ask", frozenset({Role.OFFICER}), frozenset({"gata-och-park"}))
"""Officers whom the seed does not have; `hire` writes them."""


async def hire(room: Room, *people: Person) -> None:
    """Let people exist."""
    for person in people:
        units = ",".join(f"'{unit}'" for unit in sorted(person.units))
        await room.run(
            "INSERT INTO casework.people (id, name, roles, units, email) VALUES "  # noqa: S608 - a test's own names
            f"('{person.id}', '{person.name}', ARRAY['officer'], ARRAY[{units}], '{person.id}@kommun.example')"
        )


async def walked(room: Room, name: str = "a", **facts: Any) -> str:
    """Return a case that its checklist leads to Bostadsbolag/Felanmälan."""
    number = await room.open(name, **facts)
    for step, option in (("s1", "nej"), ("s3", "kallare"), ("s5", "nej")):
        await room.casework.do_step.run(number, MARIA, step, option)
    return number


async def handed(room: Room, name: str = "a", **facts: Any) -> tuple[str, str]:
    """Return the number of a case that is handed over, and the hand-over's id."""
    number = await walked(room, name, **facts)
    made = await room.casework.hand_over.run(number, MARIA, request_id=f"r-{name}", message="Kan ni titta?")
    return number, made.id


async def secret(room: Room, name: str = "a") -> str:
    """Return a case about a child, whose checklist presumes secrecy and leads to a hand-over."""
    number = await room.open(name, CHILD, text="Min granne slår sitt barn", subject="Oro")
    for step, option in (("s1", "nej"), ("s2", None), ("s3", "ja")):
        await room.casework.do_step.run(number, MARIA, step, option)
    return number


async def seen(room: Room, number: str) -> tuple[CaseView, HandoverView]:
    """Return a case as Maria sees it, with its latest hand-over."""
    case = await room.casework.read_case.run(number, MARIA)
    assert case.handover is not None
    return case, case.handover


async def history(room: Room) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return every deed of every case: what, by whom, and its facts."""
    rows = await room.rows("SELECT what, by_name, facts FROM casework.case_history ORDER BY id")
    return [(row["what"], row["by_name"], row["facts"]) for row in rows]


async def mails(room: Room, kind: str) -> list[dict[str, Any]]:
    """Return the mails of a kind, oldest first."""
    return await room.rows("SELECT * FROM casework.mails_out WHERE kind = :kind ORDER BY created_at, id", kind=kind)


async def at_once(*deeds: Coroutine[Any, Any, Any]) -> list[Any]:
    """Do deeds at the same moment; return what each came to, errors among them."""
    return await asyncio.gather(*deeds, return_exceptions=True)


async def rung(room: Room, deed: Coroutine[Any, Any, Any]) -> set[str]:
    """Do a deed; return the agents whose desks it rang at."""
    async with await psycopg.AsyncConnection.connect(room.settings.postgres, autocommit=True) as listener:
        await listener.execute("LISTEN casework_desks")
        await deed
        await listener.execute("NOTIFY casework_desks, 'over'")
        heard: set[str] = set()
        async for notice in listener.notifies(timeout=10):
            if notice.payload == "over":
                break
            heard.add(notice.payload)
        return heard
