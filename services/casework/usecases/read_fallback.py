"""*Reservläge*: what an agent can read when nothing but casework answers, and take with her on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.casework.domain.checklist import Checklist
from services.casework.domain.directory import Entry
from services.casework.domain.lifecycle import LIVE
from services.casework.store.directory import entry_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from shared.clock import Clock, local

MOST = 10_000
"""Entries of the directory that are taken along."""


@dataclass(frozen=True, slots=True)
class PlainStep:
    """A step as it is read: its text, and where each answer leads."""

    id: str
    kind: str
    text: str
    obligatory: bool
    note: str
    ways: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlainChecklist:
    """A whole checklist to be read from top to end, its local facts filled in."""

    id: str
    version: int
    unit_name: str
    question: str
    steps: tuple[PlainStep, ...]
    ends: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlainEntry:
    """A person or function of the directory, and where she is reached, as far as that is shown to anybody."""

    name: str
    title: str
    unit_name: str
    numbers: tuple[str, ...]
    away_until: date | None
    keywords: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What it is found by."""
        return " ".join((self.name, self.title, self.unit_name, *self.numbers, *self.keywords))


@dataclass(frozen=True, slots=True)
class Fallback:
    """All of it."""

    checklists: tuple[PlainChecklist, ...]
    numbers: tuple[tuple[str, str], ...]
    people: tuple[PlainEntry, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    """The case types that a note can be about: id and question, whatever was asked for."""


def plain(checklist: Checklist, unit_name: str, question: str) -> PlainChecklist:
    """Return a checklist as it is read, step by step."""
    fill = checklist.fill
    steps = tuple(
        PlainStep(
            step.id,
            step.type.value,
            fill(step.text),
            step.obligatory,
            fill(step.note),
            tuple((fill(one.label), one.goto) for one in step.options) or ((("", step.goto),) if step.goto else ()),
        )
        for step in checklist.steps
    )
    said = ((end.id, " ".join(filter(None, (end.message, end.to or "", end.note)))) for end in checklist.ends)
    ends = tuple((name, fill(text)) for name, text in said)
    return PlainChecklist(checklist.id, checklist.version, unit_name, question, steps, ends)


@dataclass(frozen=True, slots=True)
class ReadFallback:
    """Read every live checklist and every number that casework knows; needs the database alone."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, query: str = "") -> Fallback:
        """Return them, by unit and question; with a query only those where each of its words stands."""
        words = query.lower().split()
        async with self.uow.read() as work:
            units = {one["id"]: one["name"] for one in await work.catalogue.units()}
            types = await work.catalogue.case_types()
            kinds = {one["id"]: one["question"] for one in types}
            found = []
            for version in await work.versions.listed(None, LIVE):
                if version.current:
                    filled = version.checklist.with_facts(await work.params.values(version.unit))
                    found.append(plain(filled, units.get(version.unit, ""), kinds.get(filled.case_type, filled.id)))
            numbers = await _numbers(work)
            entries = [entry_of(row) for row in await work.directory.listed(MOST)]
        kept = [one for one in found if all(word in f"{one.question} {one.unit_name}".lower() for word in words)]
        listed = [one for one in numbers if all(word in " ".join(one).lower() for word in words)]
        today = local(self.clock()).date()
        people = [one for one in (_plain_entry(entry, units, today) for entry in entries) if one.numbers]
        met = [one for one in people if all(word in one.words.lower() for word in words)]
        living = [
            (one["id"], f"{one['question']} ({units.get(one['unit'], '')})") for one in types if not one["deprecated"]
        ]
        return Fallback(
            tuple(sorted(kept, key=lambda one: (one.unit_name, one.question))),
            tuple(listed),
            tuple(met),
            tuple(sorted(living, key=lambda one: one[1])),
        )


def _plain_entry(entry: Entry, units: Mapping[str, str], today: date) -> PlainEntry:
    shown = entry.shown
    numbers = dict.fromkeys(filter(None, (shown["phone"], shown["extension"], shown["mobile"])))
    away = entry.away_until if entry.away(today) else None
    return PlainEntry(entry.name, entry.title, units.get(entry.unit, entry.unit), tuple(numbers), away, entry.keywords)


async def _numbers(work: Work) -> Sequence[tuple[str, str]]:
    """Return what can be called: our entrances, their on-call numbers, and the local facts that are numbers."""
    rows: list[Row] = [one for one in await work.catalogue.entrances() if one["kind"] == "number"]
    found = [(one["name"], one["value"]) for one in rows]
    found += [(f"{one['name']} (jour)", one["jour"]) for one in rows if one["jour"]]
    phones = [one for one in await work.params.of(None) if one["measure"] == "telefon" and one["value"]]
    found += [(one["name"].replace("_", " "), one["value"]) for one in phones]
    return list(dict.fromkeys(found))
