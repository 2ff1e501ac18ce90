"""What a case has taken: read from its contacts and beats, told in each end, and added when after-work ends later."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case
from services.casework.domain.handling import Conversation, Time, since, spent
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from shared.events import TimeAdded
from shared.ids import natural_event_id
from shared.vocabulary import LIVE_CHANNELS, CaseState, Channel, WorkKind

AFTER_WORK = "after_work"
_ENDED = frozenset({CaseState.CLOSED, CaseState.HANDED_OVER})


def conversations(contacts: Sequence[Row]) -> list[Conversation]:
    """Return the calls and visits among contacts that somebody has taken."""
    return [
        Conversation(
            accepted_at=one["accepted_at"],
            ended_at=one["ended_at"],
            done_at=one["done_at"],
            connected=one["talk_seconds"],
            hold=one["hold_seconds"],
            after_work=one["after_work_seconds"],
            we_called=one["kind"] == WorkKind.RETURN_CALL,
        )
        for one in contacts
        if one["channel"] in LIVE_CHANNELS and one["accepted_at"] is not None
    ]


def time_of(row: Mapping[str, Any], contacts: Sequence[Row], now: datetime) -> Time:
    """Return what the case of a row has taken so far."""
    beaten, reported = float(row["handling_seconds"]), float(row["reported_seconds"])
    return spent(Channel(row["channel"]), conversations(contacts), beaten, reported, now)


async def told_in_end(work: Work, case: Case, contacts: Sequence[Row], now: datetime) -> dict[str, float | None]:
    """Return the times that an ending event carries, and note that they are told."""
    talks = conversations(contacts)
    told_at = await work.handling.told_at(case.id, now) if case.reported_seconds else None
    whole = spent(case.channel, talks, case.handling_seconds, case.reported_seconds, now)
    new = since(case.channel, talks, whole, case.reported_seconds, told_at, now)
    await work.handling.told(case.id, round(new.total, 1))
    talked = bool(talks) or case.channel in LIVE_CHANNELS
    return {
        "handling_seconds": round(new.total, 1),
        "talk_seconds": new.talk if talked else None,
        "hold_seconds": new.hold if talked else None,
        "after_work_seconds": new.after_work if talked else None,
    }


async def told_of(work: Work, case: Case, contact: Row, now: datetime) -> float:
    """Return the seconds of a call or visit that an end of its case has told; they follow it to another case."""
    last = await work.handling.told_at(case.id, now) if case.reported_seconds else None
    told = [one for one in conversations([contact]) if last is not None and one.accepted_at <= last]
    return min(case.reported_seconds, round(sum(one.talk(now) + one.hold + one.after_work for one in told), 1))


async def after_work_ended(work: Work, contacts: Sequence[Row], now: datetime) -> None:
    """Tell the after-work of contacts (`added`) whose cases have ended already; that of others goes into their end."""
    news = [row for row in contacts if row["case_id"] and row["added"] > 0]
    ended = {one.id: one for one in await work.cases.lock_many([row["case_id"] for row in news]) if one.state in _ENDED}
    for row in news:
        if (case := ended.get(row["case_id"])) is None:
            continue
        seconds = round(float(row["added"]), 1)
        await work.handling.told(case.id, seconds)
        event = TimeAdded(
            case_id=case.id,
            case_number=case.number,
            contact_id=row["id"],
            channel=case.channel,
            unit=case.unit,
            case_type=case.case_type,
            kind=AFTER_WORK,
            seconds=seconds,
            at=now,
        )
        work.tell(event, event_id=natural_event_id(TimeAdded.event_type, case.id, row["id"], AFTER_WORK))


async def given_back(work: Work, contact: Row, at: datetime) -> None:
    """Keep what was talked with a citizen whom nobody has any more: the next agent's conversation begins anew."""
    if contact["channel"] in LIVE_CHANNELS and contact["accepted_at"] is not None:
        one = Conversation(contact["accepted_at"], contact["ended_at"], None)
        await work.handling.add(contact["case_id"], round(one.talk(at), 1))
