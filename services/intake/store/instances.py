"""The submissions of e-service platforms: how far each family is read, which contact and case each submission is.

Ids and times only; what a citizen wrote stands on `contacts` and in the originals.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import any_, bindparam, case, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Text

from services.intake.domain.instance import Listed
from services.intake.store.database import transaction
from services.intake.store.tables import (
    PLATFORM_ANSWERS,
    PLATFORM_FAMILIES,
    PLATFORM_INSTANCES,
    PLATFORM_PENDING,
    PLATFORM_VERSIONS,
)

CONFIRM = "confirm"
"""What an answer is about: that we have an instance …"""
STATUS = "status"
"""… or the state of its case."""
ABANDONED = timedelta(minutes=10)
"""A version that was claimed so long ago and never published has been overtaken by the next one."""
UNMARKED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Key:
    """An instance: its platform and its number there."""

    platform: str
    id: str


@dataclass(frozen=True, slots=True)
class Position:
    """How far a family is read."""

    read_to: datetime
    looked_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of an instance when a version of it comes: whether it was published, and what it goes on with."""

    published: bool
    first_contact: str
    case_id: str | None = None
    waits_since: datetime | None = None
    """When the first version was published, whose case is not known yet."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An instance that could not be taken in, as it was listed, how often that was tried, and since when."""

    id: str
    mark: str
    attempts: int
    since: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Instances:
    """The instances in intake's schema."""

    engine: AsyncEngine

    async def position(self, platform: str, family: str) -> Position | None:
        """Return how far a family is read; None when it never was."""
        table = PLATFORM_FAMILIES.c
        question = select(table.read_to, table.looked_back_at).where(
            (table.platform == platform) & (table.family == family)
        )
        async with transaction(self.engine) as connection:
            row = (await connection.execute(question)).one_or_none()
        return Position(row.read_to, row.looked_back_at) if row else None

    async def remember(self, platform: str, family: str, position: Position) -> None:
        """Write how far a family is read."""
        values = {"read_to": position.read_to, "looked_back_at": position.looked_back_at}
        write = insert(PLATFORM_FAMILIES).values(platform=platform, family=family, **values)
        async with transaction(self.engine) as connection:
            await connection.execute(write.on_conflict_do_update(index_elements=["platform", "family"], set_=values))

    async def changed(self, platform: str, listed: Sequence[Listed], now: datetime) -> list[Listed]:
        """Return those of which something has happened since they were last taken in, and that are not put off.

        One whose line says nothing of what happens to it is looked at again after an hour.
        """
        ids = _ids([one.id for one in listed])
        table, put_off = PLATFORM_INSTANCES.c, PLATFORM_PENDING.c
        known = select(table.instance, table.mark, table.touched_at).where(
            (table.platform == platform) & (table.instance == any_(ids))
        )
        pending = select(put_off.instance).where((put_off.platform == platform) & (put_off.instance == any_(ids)))
        async with transaction(self.engine) as connection:
            marks = {row.instance: (row.mark, row.touched_at) for row in await connection.execute(known)}
            waiting = set(await connection.scalars(pending))
        return [one for one in listed if one.id not in waiting and _news(one, marks.get(one.id), now)]

    async def claim(self, key: Key, family: str, contact_id: str, now: datetime) -> Claim:
        """Note that a version is about to be published; of two at the same time one is the first."""
        async with transaction(self.engine) as connection:
            row = {"platform": key.platform, "instance": key.id}
            await connection.execute(insert(PLATFORM_INSTANCES).values(**row, family=family).on_conflict_do_nothing())
            question = select(PLATFORM_INSTANCES).where(_is(key)).with_for_update()
            held = (await connection.execute(question)).one()
            version = insert(PLATFORM_VERSIONS).values(**row, contact_id=contact_id, claimed_at=now)
            await connection.execute(version.on_conflict_do_nothing())
            mine = await self._version(connection, contact_id)
            first = held.first_contact
            alone = held.case_id is None  # what has a case was published, whatever was noted of it
            if first is None or (alone and first != contact_id and await self._overtaken(connection, first, now)):
                first = contact_id
            await connection.execute(
                update(PLATFORM_INSTANCES).where(_is(key)).values(first_contact=first, touched_at=now)
            )
            begun = await self._version(connection, first)
        return Claim(mine[1] is not None, first, held.merged_into or held.case_id, begun[1])

    async def published(self, key: Key, contact_id: str, now: datetime, *, family: str, delivered: bool = True) -> None:
        """Note that Kafka has a version, and that its platform is to be told so: together, or not at all."""
        open_version = (PLATFORM_VERSIONS.c.contact_id == contact_id) & PLATFORM_VERSIONS.c.published_at.is_(None)
        first = select(PLATFORM_INSTANCES.c.first_contact).where(_is(key)).scalar_subquery()
        answer = insert(PLATFORM_ANSWERS).values(
            platform=key.platform, instance=key.id, what=CONFIRM, family=family, contact_id=first,
            delivered=delivered, made_at=now, due_at=now,
        )  # fmt: skip
        again = {"contact_id": first, "delivered": delivered, "made_at": now, "due_at": now, "attempts": 0}
        tell = answer.on_conflict_do_update(index_elements=["platform", "instance", "what"], set_=again)
        async with transaction(self.engine) as connection:
            done = await connection.execute(update(PLATFORM_VERSIONS).where(open_version).values(published_at=now))
            if done.rowcount:
                await connection.execute(tell)

    async def settled(self, key: Key, family: str, mark: str, now: datetime) -> None:
        """Note an instance as it is listed now: it is not fetched again before something happens to it."""
        row = {"platform": key.platform, "instance": key.id}
        write = insert(PLATFORM_INSTANCES).values(**row, family=family, mark=mark, touched_at=now)
        seen = write.on_conflict_do_update(
            index_elements=["platform", "instance"], set_={"mark": mark, "touched_at": now}
        )
        async with transaction(self.engine) as connection:
            await connection.execute(seen)
            await connection.execute(_forget_pending(key))

    async def put_off(self, key: Key, family: str, mark: str, problem: str, now: datetime, next_at: datetime) -> None:
        """Try an instance again later, whether it is listed then or not."""
        first = {"mark": mark, "problem": problem, "next_at": next_at, "attempts": 1}
        write = insert(PLATFORM_PENDING).values(
            platform=key.platform, instance=key.id, family=family, since=now, **first
        )
        same = PLATFORM_PENDING.c.problem == problem  # another problem has had no attempt yet
        again = {**first, "attempts": case((same, PLATFORM_PENDING.c.attempts + 1), else_=1)}
        async with transaction(self.engine) as connection:
            await connection.execute(write.on_conflict_do_update(index_elements=["platform", "instance"], set_=again))

    async def due(self, platform: str, family: str, now: datetime, limit: int) -> list[Pending]:
        """Return instances that are to be tried again now, the longest waiting first."""
        table = PLATFORM_PENDING.c
        ours = (table.platform == platform) & (table.family == family)
        columns = (table.instance, table.mark, table.attempts, table.since, table.problem)
        question = select(*columns).where(ours & (table.next_at <= now))
        async with transaction(self.engine) as connection:
            rows = await connection.execute(question.order_by(table.next_at).limit(limit))
            return [Pending(row.instance, row.mark, row.attempts, row.since, row.problem) for row in rows]

    async def pending(self, platform: str) -> dict[str, int]:
        """Return how many instances are put off, by why."""
        table = PLATFORM_PENDING.c
        question = select(table.problem, func.count()).where(table.platform == platform).group_by(table.problem)
        async with transaction(self.engine) as connection:
            return {str(row[0]): int(row[1]) for row in await connection.execute(question)}

    async def forget_before(self, moment: datetime) -> int:
        """Remove instances that nothing has happened to for so long, with their versions; return how many."""
        old = PLATFORM_INSTANCES.c.touched_at < moment
        which = select(PLATFORM_INSTANCES.c.platform, PLATFORM_INSTANCES.c.instance).where(old)
        versions = tuple_(PLATFORM_VERSIONS.c.platform, PLATFORM_VERSIONS.c.instance)
        answers = tuple_(PLATFORM_ANSWERS.c.platform, PLATFORM_ANSWERS.c.instance)
        async with transaction(self.engine) as connection:
            await connection.execute(delete(PLATFORM_VERSIONS).where(versions.in_(which)))
            await connection.execute(delete(PLATFORM_ANSWERS).where(answers.in_(which)))
            await connection.execute(delete(PLATFORM_PENDING).where(PLATFORM_PENDING.c.since < moment))
            return (await connection.execute(delete(PLATFORM_INSTANCES).where(old))).rowcount

    async def _version(self, connection: AsyncConnection, contact_id: str) -> tuple[datetime, datetime | None]:
        table = PLATFORM_VERSIONS.c
        question = select(table.claimed_at, table.published_at).where(table.contact_id == contact_id)
        row = (await connection.execute(question)).one()
        return row.claimed_at, row.published_at

    async def _overtaken(self, connection: AsyncConnection, first: str, now: datetime) -> bool:
        """Say whether the first version was claimed long ago and never published."""
        claimed, published = await self._version(connection, first)
        return published is None and claimed < now - ABANDONED


def _news(one: Listed, known: tuple[str, datetime] | None, now: datetime) -> bool:
    if known is None or known[0] != one.mark:
        return True
    return not one.mark and known[1] < now - UNMARKED


def _is(key: Key) -> Any:
    return (PLATFORM_INSTANCES.c.platform == key.platform) & (PLATFORM_INSTANCES.c.instance == key.id)


def _forget_pending(key: Key) -> Any:
    table = PLATFORM_PENDING.c
    return delete(PLATFORM_PENDING).where((table.platform == key.platform) & (table.instance == key.id))


def _ids(ids: Collection[str]) -> Any:
    return bindparam(None, list(ids), ARRAY(Text))
