"""What a case page shows besides its conversation: links, people, history; and what of a person is hidden from whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Deed, can, may_reopen
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.disclosure import disclosed
from services.casework.usecases.protection import HIDDEN, SENDER, hidden, protects, veiled
from services.casework.usecases.relate import BY_HAND
from services.casework.usecases.views.contact import NoteView
from services.casework.usecases.views.handover import HandoverView
from services.casework.usecases.views.relations import AboutView, HistoryView, LinkView
from shared.vocabulary import CaseState, PersonRole
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class Who:
    """Who a case is about, as one reader may see it."""

    known: list[Row]
    """Its contacts, as they are."""
    people: tuple[AboutView, ...]
    anonymous: bool
    protected: bool
    """Hidden from this reader."""
    reader: Person
    disclosed: bool = False
    """Handed over to the reader as one of another legal person: what was said is not hers."""

    @property
    def hides(self) -> bool:
        """Whether nothing is shown of who the citizen is."""
        return self.anonymous or self.protected

    @property
    def contacts(self) -> list[Row]:
        """The contacts, without what says who the citizen is when that is hidden, or without what was said."""
        if self.disclosed and not self.protected:
            unsaid: dict[str, Any] = {"body": "", "full_body": "", "attachments": [], "original_key": None}
            return [{**one, **unsaid, **(dict.fromkeys(SENDER) if self.anonymous else {})} for one in self.known]
        if not self.hides:
            return self.known
        nothing: dict[str, Any] = dict.fromkeys((*SENDER, "original_key"))
        if self.protected:
            nothing |= {"fields": {}, "attachments": []}
            nothing |= dict.fromkeys(("subject", "body", "full_body"), "")
        # What a mail quotes may greet her by name: of somebody anonymous only the own words are shown, if any.
        return [{**one, **({"full_body": ""} if one["body"] else {}), **nothing} for one in self.known]

    def said(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return what was written in the case; nothing where the citizen is protected, or where it is not disclosed."""
        return () if self.unread else rows

    @property
    def unread(self) -> bool:
        """Whether nothing is shown of what was said, nor a file: it may say who she is, or was not disclosed."""
        return self.protected or self.disclosed

    def sent(self, mails: Sequence[Row]) -> Sequence[Row]:
        """Return what went out to the citizen; where she is hidden without her name and address, that we greet with."""
        if not self.hides:
            return self.said(mails)
        names = [str(one[name]) for one in self.known for name in SENDER if one[name]]
        said = ("recipient", "subject", "body", "problem")
        return [
            {**one, **{name: _without(one[name], [one["recipient"], *names]) for name in said if one.get(name)}}
            for one in self.said(mails)
        ]

    def handed(self, views: Sequence[HandoverView]) -> tuple[HandoverView, ...]:
        """Return its hand-overs as the reader may see them: in full for the unit that holds one, named or not."""
        if not self.hides:
            return tuple(views)
        return tuple(veiled(one, protected=self.protected and one.unit not in self.reader.units) for one in views)

    def shown(self, address: str) -> str:
        """Return an address, or what stands for one that is not shown."""
        return HIDDEN if self.hides else address

    @property
    def facts(self) -> dict[str, Any]:
        """The fields of a case's view that say who it is about."""
        people = () if self.protected else self.people
        return {"people": people, "anonymous": self.anonymous, "hidden": self.hides}


def _without(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = text.replace(name, HIDDEN)
    return text


async def who_of(work: Work, row: Row, person: Person) -> Who:
    """Return who a case is about; a case that is part of another has at least the contact that it was about."""
    contacts = await work.contacts.of_case(row["id"])
    if not contacts:
        contacts = await _moved(work, row)
    names = ("id", "role", "name", "email", "phone", "note")
    rows = await work.people.of_cases([row["id"]])
    people = tuple(AboutView(**{name: one[name] for name in names}) for one in rows)
    anonymous = any(one.role == PersonRole.ANONYMOUS for one in people)
    foreign = row["id"] in await disclosed(work, [row], person)
    return Who(contacts, people, anonymous, protects(row, person), person, foreign)


async def _moved(work: Work, row: Row) -> list[Row]:
    """Return the contact that a merged case was about last, or what opened it when that has left by itself.

    What was split from the case that goes on is read by those who may read the case that it is in now.
    """
    there = await work.moving.chain(row["id"])
    for contact_id in (row["current_contact"], row["contact_id"]):
        moved = await work.contacts.get(contact_id)
        if moved is not None and moved["case_id"] in there:
            return [moved]
    return []


async def facts_of(
    work: Work, row: Row, person: Person, names: Mapping[str, str], now: datetime, reopen_days: int
) -> dict[str, Any]:
    """Return the fields of a case's view that say what it is to other cases and what was done with it."""
    merged = row["merged_into"]
    allowed = can(CaseState(row["state"]), merged=merged is not None)
    too_old = row["state"] == CaseState.CLOSED and not may_reopen(row["closed_at"], now, reopen_days)
    may = frozenset(deed.value for deed in allowed if not (too_old and deed is Deed.REOPEN))
    deeds = await work.history.of_case(row["id"])
    return {
        "version": await work.history.mark(row["id"]),
        "merged_into": await work.cases.number_of(merged) if merged else None,
        "links": tuple(map(_link, await work.links.of_case(row["id"], visible_units(person)))),
        "history": tuple(_deed(one, names) for one in deeds),
        "parked_why": _parked_why(row, person),
        "waiting_since": row["waiting_since"],
        "protected": row["protected"],
        "too_old": too_old,
        "can": frozenset() if protects(row, person) else may,
    }


def _parked_why(row: Row, person: Person) -> str:
    rests = row["state"] == CaseState.PARKED or row["parked_until"]
    why = str(row["parked_why"]) if rests else ""
    return hidden(why) if protects(row, person) else why


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
