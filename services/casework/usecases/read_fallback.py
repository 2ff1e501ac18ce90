"""*Reservläge*: what an agent can read when nothing but casework answers, and take with her on paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.casework.domain.checklist import Checklist
from services.casework.domain.lifecycle import LIVE
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work


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
class Fallback:
    """All of it."""

    checklists: tuple[PlainChecklist, ...]
    numbers: tuple[tuple[str, str], ...]


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

    async def run(self, query: str = "") -> Fallback:
        """Return them, by unit and question; with a query only those where each of its words stands."""
        words = query.lower().split()
        async with self.uow.read() as work:
            units = {one["id"]: one["name"] for one in await work.catalogue.units()}
            kinds = {one["id"]: one["question"] for one in await work.catalogue.case_types()}
            found = []
            for version in await work.versions.listed(None, LIVE):
                if version.current:
                    filled = version.checklist.with_facts(await work.params.values(version.unit))
                    found.append(plain(filled, units.get(version.unit, ""), kinds.get(filled.case_type, filled.id)))
            numbers = await _numbers(work)
        kept = [one for one in found if all(word in f"{one.question} {one.unit_name}".lower() for word in words)]
        listed = [one for one in numbers if all(word in " ".join(one).lower() for word in words)]
        return Fallback(tuple(sorted(kept, key=lambda one: (one.unit_name, one.question))), tuple(listed))


async def _numbers(work: Work) -> Sequence[tuple[str, str]]:
    """Return what can be called: our entrances, their on-call numbers, and the local facts that are numbers."""
    rows: list[Row] = [one for one in await work.catalogue.entrances() if one["kind"] == "number"]
    found = [(one["name"], one["value"]) for one in rows]
    found += [(f"{one['name']} (jour)", one["jour"]) for one in rows if one["jour"]]
    phones = [one for one in await work.params.of(None) if one["measure"] == "telefon" and one["value"]]
    found += [(one["name"].replace("_", " "), one["value"]) for one in phones]
    return list(dict.fromkeys(found))
