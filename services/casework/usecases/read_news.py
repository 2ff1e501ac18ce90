"""*Nytt sedan ditt förra pass*: what has changed, what is disturbed, answers she got; until she has read each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.casework.domain.checklist import Checklist
from services.casework.domain.news import of_steps
from services.casework.store.news import SINCE
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from shared.clock import Clock
from shared.web.access import Person

KEPT = timedelta(days=30)
"""So long something is news to one who has not been here."""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One piece of news: `kind` is `checklist urgent opened closed answered declined`."""

    id: str
    kind: str
    at: datetime
    title: str
    text: str = ""
    link: str = ""
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def differences(old: Checklist, new: Checklist) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the texts of the steps that are new, those that read otherwise now, and those that are gone."""
    found = of_steps(old, new)
    added, changed, gone = (tuple(one.text for one in found if one.kind == kind) for kind in ("new", "changed", "gone"))
    return added, changed, gone


@dataclass(frozen=True, slots=True)
class ReadNews:
    """Read what is new to somebody; what was there before her first day at the desk is not."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person) -> tuple[NewsItem, ...]:
        """Return what she has not read, the latest first."""
        now = self.clock()
        async with self.uow.read() as work:
            read = await work.news.read_by(person.id)
            if SINCE in read:
                return await self._unread(work, person, max(read[SINCE], now - KEPT), read)
        await self.mark(person, (SINCE,))
        return ()

    async def mark(self, person: Person, items: Collection[str]) -> None:
        """Note that she has read these."""
        async with self.uow.begin() as work:
            now = self.clock()
            await work.news.mark(person.id, [item[:200] for item in items][:200], now)
            for row in await work.gaps.unseen(person.id):
                if _gap(row) in items:
                    await work.gaps.change(row["id"], seen_at=now)

    async def _unread(self, work: Work, person: Person, since: datetime, read: Collection[str]) -> tuple[NewsItem, ...]:
        rows = [row for row in await work.news.versions(since) if _version(row) not in read]
        found = [await _of_version(work, row) for row in rows]
        incidents = [_of_incident(row) for row in await work.news.incidents(since)]
        found += [one for one in incidents if one.id not in read]
        found += [_of_gap(row) for row in await work.gaps.unseen(person.id)]
        return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def _version(row: Row) -> str:
    return f"checklist:{row['id']}:{row['version']}"


async def _of_version(work: Work, row: Row) -> NewsItem:
    new = await work.versions.find(row["id"], row["version"])
    old = await work.versions.find(row["id"], row["based_on"] or row["version"] - 1)
    gone = differences(old.checklist, new.checklist) if old and new else ((), (), ())
    kind = "urgent" if row["phase"] == "urgent" else "checklist"
    added, changed, removed = gone
    facts = {"text": row["urgent_reason"], "added": added, "changed": changed, "removed": removed}
    return NewsItem(_version(row), kind, row["published_at"], row["question"], **facts)


def _gap(row: Row) -> str:
    return f"gap:{row['id']}"


def _of_gap(row: Row) -> NewsItem:
    said = f"{row['answer']} ({row['answered_name']})" if row["answer"] else ""
    return NewsItem(_gap(row), row["state"], row["answered_at"], row["question"] or row["unit_name"] or "", said)


def _of_incident(row: Row) -> NewsItem:
    link, name = f"/incidents/{row['id']}", f"incident:{row['id']}"
    if row["closed_at"] is not None:
        return NewsItem(f"{name}:closed", "closed", row["closed_at"], row["title"], row["answer"] or row["body"], link)
    return NewsItem(f"{name}:opened", "opened", row["opened_at"], row["title"], row["body"], link)
