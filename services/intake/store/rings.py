"""The calls as the ringing doors need them: those that come at the same time go to the database together.

One statement keeps and reads them all, one more notes that Kafka has them; both are committed before one is answered.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

import orjson
from sqlalchemy import any_, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from services.intake.domain.call import Call, Heard
from services.intake.store.calls import ANSWERED, COLUMNS, Calls, call_of, row_of
from services.intake.store.database import statement, transaction
from services.intake.store.tables import CALLS, OUTBOX
from services.intake.store.together import Together
from shared import outbox
from shared.publish import Message

_NEEDED = [one.name for one in fields(Call) if one.default is MISSING and one.default_factory is MISSING]
"""What a call that just rings has; the rest is as the table says."""
_NAMES, _KEPT = ", ".join(_NEEDED), ", ".join(column.name for column in COLUMNS)
_OPEN = text(
    f"""
WITH new AS (
    INSERT INTO intake.calls ({_NAMES})
    SELECT {_NAMES} FROM jsonb_populate_recordset(NULL::intake.calls, CAST(:calls AS jsonb))
    ON CONFLICT DO NOTHING
    RETURNING {_KEPT}
)
SELECT {_KEPT} FROM new
UNION ALL
SELECT {_KEPT} FROM intake.calls WHERE call_id = ANY(CAST(:ids AS text[]))
"""  # noqa: S608 - the names are those of our own columns
).columns(*COLUMNS)
_OVER = "calls.state = 'closed' AND given.heard ->> 'turn' = 'hang_up'"
"""Its answer ends it, and telephony may not tell: `Call.over_unheard`."""
_ANSWER = text(
    f"""
UPDATE intake.calls SET {", ".join(f"{name} = given.{name}" for name in ANSWERED)},
    published = calls.published OR given.published,
    state = CASE WHEN {_OVER} THEN 'ended' ELSE calls.state END,
    ended_at = CASE WHEN {_OVER} THEN given.asked_at ELSE calls.ended_at END,
    pass_to = CASE WHEN given.heard ->> 'turn' = 'passed_on' THEN '' ELSE calls.pass_to END,
    return_call = CASE WHEN given.return_call = 'promised' THEN 'promised' ELSE calls.return_call END
FROM jsonb_populate_recordset(NULL::intake.calls, CAST(:calls AS jsonb)) AS given
WHERE calls.call_id = given.call_id AND calls.step = given.step - 1
RETURNING calls.call_id
"""  # noqa: S608 - the names are those of our own columns
)
_IDS = bindparam("ids", type_=ARRAY(Text))
_FIND = select(*COLUMNS).where(CALLS.c.call_id == any_(_IDS))
_PUBLISHED = update(CALLS).where(CALLS.c.call_id == any_(_IDS)).values(published=True)


@dataclass(frozen=True, slots=True, eq=False)
class Spooled:
    """An event that Kafka must get later, with its call's id where it is a call's."""

    event: Message
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Rings(Calls):
    """The calls in intake's schema, for doors where hundreds ring in a second."""

    _opening: Together[Call, Call] = field(init=False)
    _marking: Together[str, bool] = field(init=False)
    _answering: Together[Call, Heard | None] = field(init=False)
    _spooling: Together[Spooled, bool] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_opening", Together(self._open_all))
        object.__setattr__(self, "_marking", Together(self._mark_all))
        object.__setattr__(self, "_answering", Together(self._answer_all))
        object.__setattr__(self, "_spooling", Together(self._spool_all))

    async def open(self, call: Call) -> Call:
        """Keep a new call and return it, or the one that is kept under its id already."""
        return await self._opening.ask(call)

    async def published(self, call_id: str) -> None:
        """Note that Kafka has the call."""
        await self._marking.ask(call_id)

    async def answered(self, call: Call) -> Heard | None:
        """Keep the answer that a call has got; where another was quicker, change nothing and return that one."""
        return await self._answering.ask(call)

    async def spool(self, call_id: str, event: Message) -> None:
        """Keep the event of a call for later, after all that were kept before it."""
        await self._spooling.ask(Spooled(event, call_id))

    async def keep(self, event: Message) -> None:
        """Keep an event that is no call's for later, after all that were kept before it."""
        await self._spooling.ask(Spooled(event))

    async def _spool_all(self, spooled: list[Spooled]) -> Mapping[Spooled, bool]:
        """Keep them in the order in which they came: one after the other they would pass each other."""
        ids = sorted({one.call_id for one in spooled} - {""})
        async with transaction(self.engine) as connection:
            await outbox.add(connection, OUTBOX, *(one.event for one in spooled))
            if ids:
                await connection.execute(_PUBLISHED, {"ids": ids})
        return dict.fromkeys(spooled, True)

    async def _open_all(self, calls: list[Call]) -> Mapping[Call, Call]:
        ordered = sorted(calls, key=lambda call: call.call_id)  # as every process has it, so that none waits in a ring
        ids = sorted({call.call_id for call in calls})
        given = orjson.dumps([{name: getattr(call, name) for name in _NEEDED} for call in ordered]).decode()
        async with statement(self.engine) as connection:
            rows = (await connection.execute(_OPEN, {"calls": given, "ids": ids})).all()
            known = {row.call_id: call_of(row) for row in rows}
            if len(known) < len(ids):  # another process has kept them since this statement began to look
                known |= await _find(connection, [one for one in ids if one not in known])
        return {call: known[call.call_id] for call in calls}

    async def _mark_all(self, call_ids: list[str]) -> Mapping[str, bool]:
        async with statement(self.engine) as connection:
            await connection.execute(_PUBLISHED, {"ids": sorted(set(call_ids))})
        return dict.fromkeys(call_ids, True)

    async def _answer_all(self, calls: list[Call]) -> Mapping[Call, Heard | None]:
        first = {call.call_id: call for call in reversed(calls)}
        given = orjson.dumps([row_of(first[call_id]) for call_id in sorted(first)]).decode()
        async with statement(self.engine) as connection:
            done = set((await connection.execute(_ANSWER, {"calls": given})).scalars())
            late = [call for call in calls if call.call_id not in done or call is not first[call.call_id]]
            known = await _find(connection, sorted({call.call_id for call in late})) if late else {}
        kept = {call: known[call.call_id].heard for call in late if call.call_id in known}
        return {call: kept.get(call) for call in calls}


async def _find(connection: AsyncConnection, ids: list[str]) -> dict[str, Call]:
    rows: Any = (await connection.execute(_FIND, {"ids": ids})).all()
    return {row.call_id: call_of(row) for row in rows}
