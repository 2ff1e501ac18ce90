"""What a case page shows besides its conversation: links, people, history; and what of a person is hidden from whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Deed, can, may_reopen
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.relate import BY_HAND
from services.casework.usecases.views.contact import NoteView
from services.casework.usecases.views.relations import AboutView, HistoryView, LinkView
from shared.vocabulary import CaseState, PersonRole
from shared.web.access import Person, visible_units

HIDDEN = "•••"
"""Stands where something is known and not shown."""
_SENDER = ("sender_name", "sender_email", "sender_phone")


def protects(row: Row, person: Person) -> bool:
    """Return whether a case hides its person from this reader: a protected identity outside of its own unit.

    Shown to the case's agent and to those who belong to its unit by name; to see every unit is no such belonging.
    """
    own = row["unit"] in person.units or row["agent_id"] == person.id or person.machine
    return bool(row["protected"]) and not own


@dataclass(frozen=True, slots=True)
class Who:
    """Who a case is about, as one reader may see it."""

    known: list[Row]
    """Its contacts, as they are."""
    people: tuple[AboutView, ...]
    anonymous: bool
    protected: bool
    """Hidden from this reader."""

    @property
    def hides(self) -> bool:
        """Whether nothing is shown of who the citizen is."""
        return self.anonymous or self.protected

    @property
    def contacts(self) -> list[Row]:
        """The contacts, without what says who the citizen is when that is hidden."""
        if not self.hides:
            return self.known
        nothing: dict[str, Any] = dict.fromkeys(_SENDER)
        if self.protected:
            nothing |= {"fields": {}, "attachments": [], "original_key": None}
            nothing |= dict.fromkeys(("subject", "body", "full_body"), "")
        return [{**one, **nothing} for one in self.known]

    def said(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return what was written to the citizen; nothing of it where she is protected: it may say who she is."""
        return () if self.protected else rows

    def shown(self, address: str) -> str:
        """Return an address, or what stands for one that is not shown."""
        return HIDDEN if self.hides else address

    @property
    def facts(self) -> dict[str, Any]:
        """The fields of a case's view that say who it is about."""
        people = () if self.protected else self.people
        return {"people": people, "anonymous": self.anonymous, "hidden": self.hides}


async def who_of(work: Work, row: Row, person: Person) -> Who:
    """Return who a case is about; a case that is part of another has at least the contact that it was about."""
    contacts = await work.contacts.of_case(row["id"])
    if not contacts:
        moved = await work.contacts.get(row["current_contact"])
        contacts = [moved] if moved else []
    names = ("id", "role", "name", "email", "phone", "note")
    rows = await work.people.of_cases([row["id"]])
    people = tuple(AboutView(**{name: one[name] for name in names}) for one in rows)
    anonymous = any(one.role == PersonRole.ANONYMOUS for one in people)
    return Who(contacts, people, anonymous, protects(row, person))


async def facts_of(
    work: Work, row: Row, person: Person, names: Mapping[str, str], now: datetime, reopen_days: int
) -> dict[str, Any]:
    """Return the fields of a case's view that say what it is to other cases and what was done with it."""
    merged = row["merged_into"]
    allowed = can(CaseState(row["state"]), merged=merged is not None)
    too_old = row["state"] == CaseState.CLOSED and not may_reopen(row["closed_at"], now, reopen_days)
    deeds = await work.history.of_case(row["id"])
    return {
        "version": await work.history.mark(row["id"]),
        "merged_into": await work.cases.number_of(merged) if merged else None,
        "links": tuple(map(_link, await work.links.of_case(row["id"], visible_units(person)))),
        "history": tuple(_deed(one, names) for one in deeds),
        "parked_why": row["parked_why"] if row["state"] == CaseState.PARKED or row["parked_until"] else "",
        "waiting_since": row["waiting_since"],
        "protected": row["protected"],
        "too_old": too_old,
        "can": frozenset(deed.value for deed in allowed if not (too_old and deed is Deed.REOPEN)),
    }


def _link(row: Row) -> LinkView:
    return LinkView(
        row["number"],
        row["kind"],
        row["back"],
        CaseState(row["state"]),
        row["question"] or "",
        row["opened_at"],
        row["kind"] in BY_HAND,
    )


def _deed(row: Row, names: Mapping[str, str]) -> HistoryView:
    name = row["by_name"] or names.get(row["by"], row["by"])
    return HistoryView(row["at"], row["what"], row["by"], name, row["facts"])


def notes_of(rows: Sequence[Row]) -> tuple[NoteView, ...]:
    """Return notes, each with what corrects it under it."""
    views = {row["id"]: _note(row) for row in rows}
    under: dict[str, list[NoteView]] = {}
    for row in rows:
        if row["corrects"] in views:
            under.setdefault(row["corrects"], []).append(views[row["id"]])
    return tuple(_note(row, tuple(under.get(row["id"], ()))) for row in rows if row["corrects"] not in views)


def _note(row: Row, corrections: tuple[NoteView, ...] = ()) -> NoteView:
    return NoteView(row["id"], row["author"], row["author_name"], row["at"], row["body"], corrections)
