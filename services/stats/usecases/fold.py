"""Folds a batch of `routing` or `cases` into facts, projections and cube: everything exactly once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.stats.domain.case import Case, DaysTaken
from services.stats.domain.contact import Contact
from services.stats.domain.cube import Tally
from services.stats.domain.fact import Fact
from services.stats.store.facts import FactStore, Folding, Place
from services.stats.usecases.translate import fact_of
from shared.consume import Received


@dataclass(frozen=True, slots=True)
class Fold:
    """Takes in what has not been taken in: above the stored offset, with an id not seen; then tells `changed`."""

    store: FactStore
    days_taken: DaysTaken
    changed: Callable[[], None]

    async def handle(self, records: Sequence[Received[Any]]) -> None:
        """Fold a batch in one transaction; a batch that is delivered again changes nothing."""
        facts = [fact_of(record) for record in records]
        await self.store.make_months({fact.month for fact in facts})
        ends = _ends(records)
        async with self.store.begin() as folding:
            last = await folding.lock(ends)
            above = [
                fact
                for record, fact in zip(records, facts, strict=True)
                if record.offset > last[record.topic, record.partition]
            ]
            if not above:
                return
            written = await folding.add(above)
            await self._take_in(folding, [fact for fact in _once(above) if fact.id in written])
            await folding.move({place: max(end, last[place]) for place, end in ends.items()})
        self.changed()

    async def _take_in(self, folding: Folding, facts: list[Fact]) -> None:
        tally = Tally()
        await self._contacts(folding, [one for one in facts if one.contact_id and not one.case_id], tally)
        await self._cases(folding, [one for one in facts if one.case_id], tally)
        await folding.keep_presence([one for one in facts if one.type == "agent.presence_changed"])
        await folding.count(tally)

    async def _contacts(self, folding: Folding, facts: list[Fact], tally: Tally) -> None:
        if not facts:
            return
        known = await folding.contacts({fact.contact_id for fact in facts})
        for fact in facts:
            known.setdefault(fact.contact_id, Contact(fact.contact_id)).advance(fact, tally)
        await folding.keep_contacts(known.values())

    async def _cases(self, folding: Folding, facts: list[Fact], tally: Tally) -> None:
        if not facts:
            return
        known = await folding.cases({fact.case_id for fact in facts})
        for fact in facts:
            known.setdefault(fact.case_id, Case(fact.case_id)).advance(fact, tally, self.days_taken)
        await folding.keep_cases(known.values())


def _ends(records: Sequence[Received[Any]]) -> dict[Place, int]:
    ends: dict[Place, int] = {}
    for record in records:
        place = (record.topic, record.partition)
        ends[place] = max(record.offset, ends.get(place, -1))
    return ends


def _once(facts: Sequence[Fact]) -> list[Fact]:
    """Return each id once: the same event may stand twice in one batch."""
    first: dict[str, Fact] = {}
    for fact in facts:
        first.setdefault(fact.id, fact)
    return list(first.values())
