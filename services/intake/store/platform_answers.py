"""What e-service platforms are to be told: a queue with one line for each thing and instance, the newest word only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import any_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Text

from services.intake.domain.instance import Told
from services.intake.store.database import transaction
from services.intake.store.instances import STATUS
from services.intake.store.tables import PLATFORM_ANSWERS, PLATFORM_INSTANCES, PLATFORM_VERSIONS

LEASE = timedelta(minutes=5)
"""How long nobody else tells what somebody is telling."""


@dataclass(frozen=True, slots=True)
class Change:
    """What has become of a case: opened for a contact, told by a state, or part of another one."""

    case_id: str
    at: datetime
    told: Told | None = None
    contact_id: str | None = None
    """The contact that it was opened for."""
    merged_into: str | None = None
    apart: bool = False
    """It is a case of its own again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing to tell: `confirm` by `contact_id`, or `status` by `state`."""

    instance: str
    what: str
    family: str
    contact_id: str | None
    delivered: bool
    state: Told | None
    made_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class PlatformAnswers:
    """The queue in intake's schema."""

    engine: AsyncEngine

    async def note(self, changes: Sequence[Change], now: datetime) -> int:
        """Take in what became of cases, in order; return how many concerned an instance. Again changes nothing."""
        async with transaction(self.engine) as connection:
            concerned = await _concerned(connection, changes)
            found = 0
            for change in changes:
                if change.case_id in concerned or change.contact_id in concerned:
                    concerned |= {name for name in (change.case_id, change.merged_into) if name}
                    found += await self._one(connection, change, now)
            return found

    async def _one(self, connection: AsyncConnection, change: Change, now: datetime) -> int:
        values: dict[str, Any] = {"touched_at": now}
        table = PLATFORM_INSTANCES.c
        where = or_(table.case_id == change.case_id, table.merged_into == change.case_id)
        if change.contact_id is not None:
            values |= {"case_id": change.case_id, "merged_into": None}
            where = (table.platform + "/" + table.instance).in_(_instance_of(change.contact_id))
        elif change.merged_into is not None:
            values["merged_into"] = change.merged_into
        elif change.apart:
            values["merged_into"] = None
        newer = or_(table.told_at.is_(None), table.told_at <= change.at)
        write = update(PLATFORM_INSTANCES).where(where & newer).values(**values, told_at=change.at)
        found = (await connection.execute(write.returning(table.platform, table.instance, table.family))).all()
        if change.told is not None:
            for one in found:
                await connection.execute(_tell(one.platform, one.instance, one.family, change, now))
        return len(found)

    async def claim(self, platform: str, now: datetime, limit: int) -> list[Answer]:
        """Return what is to be told now and keep it from others for a while."""
        table = PLATFORM_ANSWERS.c
        due = (
            select(table.platform, table.instance, table.what)
            .where((table.platform == platform) & (table.due_at <= now))
            .order_by(table.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .subquery()
        )
        mine = (table.platform == due.c.platform) & (table.instance == due.c.instance) & (table.what == due.c.what)
        write = update(PLATFORM_ANSWERS).where(mine).values(due_at=now + LEASE, attempts=table.attempts + 1)
        async with transaction(self.engine) as connection:
            rows = (await connection.execute(write.returning(PLATFORM_ANSWERS))).all()
        return [_answer(row) for row in sorted(rows, key=lambda row: (row.made_at, row.instance, row.what))]

    async def done(self, platform: str, answer: Answer) -> None:
        """Forget what was told, unless there is a newer word."""
        same = _is(platform, answer) & (PLATFORM_ANSWERS.c.made_at == answer.made_at)
        async with transaction(self.engine) as connection:
            await connection.execute(delete(PLATFORM_ANSWERS).where(same))

    async def later(self, platform: str, answer: Answer, due_at: datetime, problem: str) -> None:
        """Tell it later, unless there is a newer word."""
        same = _is(platform, answer) & (PLATFORM_ANSWERS.c.made_at == answer.made_at)
        async with transaction(self.engine) as connection:
            await connection.execute(update(PLATFORM_ANSWERS).where(same).values(due_at=due_at, problem=problem))

    async def give_back(self, platform: str, answers: Sequence[Answer], due_at: datetime) -> None:
        """Tell these later without counting an attempt: the platform is away, and none of them is at fault."""
        keys = [f"{one.instance}/{one.what}" for one in answers]
        table = PLATFORM_ANSWERS.c
        mine = (table.platform == platform) & (
            (table.instance + "/" + table.what) == any_(bindparam(None, keys, ARRAY(Text)))
        )
        values = {"due_at": due_at, "attempts": func.greatest(table.attempts - 1, 0)}
        async with transaction(self.engine) as connection:
            await connection.execute(update(PLATFORM_ANSWERS).where(mine & (table.due_at > due_at)).values(values))

    async def waiting(self, platform: str) -> dict[str, int]:
        """Return how many answers wait, by why the last attempt failed (empty: none did)."""
        table = PLATFORM_ANSWERS.c
        question = select(table.problem, func.count()).where(table.platform == platform).group_by(table.problem)
        async with transaction(self.engine) as connection:
            return {str(row[0]): int(row[1]) for row in await connection.execute(question)}


async def _concerned(connection: AsyncConnection, changes: Sequence[Change]) -> set[str]:
    """Return the contacts and cases of the changes that belong to an instance: in most batches none does."""
    cases = bindparam(None, sorted({one.case_id for one in changes}), ARRAY(Text))
    contacts = bindparam(None, sorted({one.contact_id for one in changes if one.contact_id}), ARRAY(Text))
    table = PLATFORM_INSTANCES.c
    known = select(table.case_id, table.merged_into).where(
        or_(table.case_id == any_(cases), table.merged_into == any_(cases))
    )
    ours = select(PLATFORM_VERSIONS.c.contact_id).where(PLATFORM_VERSIONS.c.contact_id == any_(contacts))
    found = {name for row in await connection.execute(known) for name in row if name}
    return {*found, *(await connection.scalars(ours))}


def _instance_of(contact_id: str) -> Any:
    table = PLATFORM_VERSIONS.c
    return select(table.platform + "/" + table.instance).where(table.contact_id == contact_id)


def _tell(platform: str, instance: str, family: str, change: Change, now: datetime) -> Any:
    values = {"state": change.told, "made_at": change.at, "due_at": now, "attempts": 0, "problem": ""}
    write = insert(PLATFORM_ANSWERS).values(platform=platform, instance=instance, what=STATUS, family=family, **values)
    return write.on_conflict_do_update(index_elements=["platform", "instance", "what"], set_=values)


def _is(platform: str, answer: Answer) -> Any:
    table = PLATFORM_ANSWERS.c
    return (table.platform == platform) & (table.instance == answer.instance) & (table.what == answer.what)


def _answer(row: Any) -> Answer:
    state = Told(row.state) if row.state else None
    return Answer(row.instance, row.what, row.family, row.contact_id, row.delivered, state, row.made_at, row.attempts)
