"""The calls of telephony: opened once per call id, connected by what the router says, ended once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.call import Call, CallState, Heard, Keys, ReturnCall, Turn, Words
from services.intake.store.database import transaction
from services.intake.store.tables import CALLS, OUTBOX
from shared import outbox
from shared.publish import Message

COLUMNS = [CALLS.c[field.name] for field in fields(Call)]
ANSWERED = ("step", "heard", "told", "place_at", "jours", "language", "asked_at")
"""What an answer changes; where the call is, the router and its end say."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What the router said of a contact: accepted by an agent, or (without one) waiting again."""

    contact_id: str
    epoch: int
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls in intake's schema."""

    engine: AsyncEngine

    async def open(self, call: Call) -> Call:
        """Keep a new call and return it, or the one that is kept under its id already."""
        values = {name: value for name, value in row_of(call).items() if name != "heard"}
        async with transaction(self.engine) as connection:
            await connection.execute(insert(CALLS).values(values).on_conflict_do_nothing())
            row = (await connection.execute(select(*COLUMNS).where(CALLS.c.call_id == call.call_id))).one()
        return call_of(row)

    async def find(self, call_id: str) -> Call | None:
        """Return a call."""
        async with transaction(self.engine) as connection:
            row = (await connection.execute(select(*COLUMNS).where(CALLS.c.call_id == call_id))).one_or_none()
        return call_of(row) if row else None

    async def answered(self, call: Call) -> Heard | None:
        """Keep the answer that a call has got; where another was quicker, change nothing and return that one."""
        row = row_of(call)
        before = (CALLS.c.call_id == call.call_id) & (CALLS.c.step == call.step - 1)
        async with transaction(self.engine) as connection:
            values = {name: row[name] for name in ANSWERED}
            values |= {"published": CALLS.c.published | call.published}
            if call.over_unheard:
                values |= {"state": CallState.ENDED, "ended_at": call.asked_at}
            if call.heard and call.heard.turn is Turn.PASSED_ON:
                values |= {"pass_to": ""}
            if call.return_call is ReturnCall.PROMISED:  # that it is offered comes from the router, at any time
                values |= {"return_call": call.return_call}
            done = await connection.execute(update(CALLS).where(before).values(values))
            if done.rowcount:
                return None
            kept = select(CALLS.c.heard).where(CALLS.c.call_id == call.call_id)
            heard = (await connection.execute(kept)).scalar_one_or_none()
        return heard_of(heard) if heard else None

    async def published(self, call_id: str) -> None:
        """Note that Kafka has the call."""
        await self._set(call_id, published=True)

    async def spool(self, call_id: str, event: Message) -> None:
        """Keep the event of a call for later, because Kafka is silent now."""
        async with transaction(self.engine) as connection:
            await outbox.add(connection, OUTBOX, event)
            await connection.execute(update(CALLS).where(CALLS.c.call_id == call_id).values(published=True))

    async def keep(self, event: Message) -> None:
        """Keep an event that is no call's for later."""
        async with transaction(self.engine) as connection:
            await outbox.add(connection, OUTBOX, event)

    async def connecting(self, call: Call, at: datetime) -> bool:
        """Note that the agent's phone is rung; False when the call is over, or somebody else's, since it was read."""
        same = (CALLS.c.call_id == call.call_id) & CALLS.c.ended_at.is_(None) & (CALLS.c.epoch == call.epoch)
        values = {"state": CallState.CONNECTING, "attempts": call.attempts + 1, "connected_at": at}
        async with transaction(self.engine) as connection:
            return bool((await connection.execute(update(CALLS).where(same).values(values))).rowcount)

    async def offer_return_call(self, contact_ids: Sequence[str]) -> None:
        """Note that these callers may ask to be called back; one who has asked has."""
        waiting = CALLS.c.contact_id.in_(contact_ids) & CALLS.c.ended_at.is_(None)
        none_yet = CALLS.c.return_call == ReturnCall.NONE
        async with transaction(self.engine) as connection:
            await connection.execute(update(CALLS).where(waiting & none_yet).values(return_call=ReturnCall.OFFERED))

    async def pass_to(self, contact_id: str, number: str) -> bool:
        """Note where the caller who talks to an agent is to be passed on to; False when nobody talks, or not here."""
        talks = (CALLS.c.contact_id == contact_id) & (CALLS.c.state == CallState.CONNECTING)
        ours = talks & CALLS.c.ended_at.is_(None) & ~CALLS.c.call_id.startswith("cti/")
        async with transaction(self.engine) as connection:
            return bool((await connection.execute(update(CALLS).where(ours).values(pass_to=number))).rowcount)

    async def turn(self, turns: Sequence[Turned]) -> None:
        """Take in what the router said; what is as old as what we know, or older, is history."""
        open_call = CALLS.c.ended_at.is_(None) & (CALLS.c.epoch < bindparam("new_epoch"))
        write = update(CALLS).where((CALLS.c.contact_id == bindparam("contact")) & open_call)
        rows = [
            {
                "contact": one.contact_id,
                "new_epoch": one.epoch,
                "new_state": CallState.ACCEPTED if one.agent_id else CallState.WAITING,
                "new_agent": one.agent_id,
            }
            for one in turns
        ]
        changed: dict[str, Any] = {
            "epoch": bindparam("new_epoch"),
            "state": bindparam("new_state"),
            "agent_id": bindparam("new_agent"),
        }
        async with transaction(self.engine) as connection:
            await connection.execute(write.values(**changed, attempts=0, pass_to=""), rows)

    async def _set(self, call_id: str, **values: Any) -> None:
        async with transaction(self.engine) as connection:
            await connection.execute(update(CALLS).where(CALLS.c.call_id == call_id).values(**values))


def row_of(call: Call) -> dict[str, Any]:
    """Return the row of a call, as JSON can say it but for moments."""
    values = {field.name: getattr(call, field.name) for field in fields(call)}
    return {**values, "told": list(call.told), "heard": asdict(call.heard) if call.heard else None}


def call_of(row: Row[Any]) -> Call:
    """Return the call of a row of these columns."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    words = {
        "state": CallState(row.state),
        "return_call": ReturnCall(row.return_call),
        "told": tuple(Turn(one) for one in row.told),
        "heard": heard_of(row.heard) if row.heard else None,
    }
    return Call(**{**values, **words})


def heard_of(kept: dict[str, Any]) -> Heard:
    """Return an answer as it was kept."""
    parts = {
        "turn": Turn(kept["turn"]),
        "recordings": tuple(kept["recordings"]),
        "words": tuple(Words(**one) for one in kept["words"]),
        "keys": Keys(**kept["keys"]) if kept["keys"] else None,
    }
    return Heard(**{**kept, **parts})
