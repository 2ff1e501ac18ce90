"""A contact's life as the other services tell it: the records that stats folds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from shared import events
from shared.events import Candidate, Event
from shared.ids import new_id
from shared.lane import Received
from shared.vocabulary import WIDELY_SOLVED, Channel, Presence, Priority, Resolution, TakenOver

START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def life(
    contact: str,
    *,
    at: datetime = START,
    channel: Channel = Channel.PHONE,
    unit: str = "bostadsbolag",
    queue: str = "bostadsbolag",
    case_type: str = "ct-kallt",
    person_key: str | None = None,
    wait: float = 30.0,
    taken_over: TakenOver = TakenOver.TAKEN,
) -> list[Event]:
    """Return routed, queued, offered, accepted and completed."""
    taken = at + timedelta(seconds=wait)
    best = Candidate(case_type=case_type, unit=unit, area="Felanmälan", question="Kallt?", confidence=0.9)
    routed = events.ContactRouted(
        contact_id=contact,
        channel=channel,
        entrance="vaxel",
        unit=unit,
        language="sv",
        received_at=at,
        person_key=person_key,
        candidates=(best,),
        queue=queue,
        skills=(unit,),
        priority=Priority.NORMAL,
        taken_over=taken_over,
    )
    queued = events.ContactQueued(
        contact_id=contact, epoch=1, at=at, queue=queue, channel=channel, priority=Priority.NORMAL
    )
    offer = {"contact_id": contact, "epoch": 2, "at": taken, "offer_id": f"o-{contact}", "agent_id": "agent-maria"}
    return [
        routed,
        queued,
        events.OfferMade(**offer, queue=queue, expires_at=taken + timedelta(seconds=20)),
        events.OfferAccepted(**offer, channel=channel, queue=queue, waited_seconds=wait),
        events.ContactCompleted(
            contact_id=contact, epoch=2, at=taken + timedelta(minutes=3), channel=channel, talk_seconds=180
        ),
    ]


def opened(case: str, contact: str, *, at: datetime = START, **more: Any) -> Event:
    """Return the opening of a case."""
    given = {"channel": Channel.PHONE, "entrance": "vaxel", "unit": "bostadsbolag"} | more
    return events.CaseOpened(case_id=case, case_number=case, contact_id=contact, opened_at=at, **given)


def closed(case: str, contact: str, *, at: datetime = START, first: bool = True, **more: Any) -> Event:
    """Return the close of a case."""
    given = {"channel": Channel.PHONE, "unit": "bostadsbolag", "resolution": Resolution.SOLVED} | more
    given.setdefault("first_contact_wide", first or given["resolution"] in WIDELY_SOLVED)
    return events.CaseClosed(
        case_id=case, case_number=case, contact_id=contact, at=at, first_contact=first, case_type="ct-kallt", **given
    )


def handed_over(case: str, contact: str, *, at: datetime = START, handover: str = "", **more: Any) -> Event:
    """Return the hand-over of a case."""
    given = {"channel": Channel.PHONE, "unit": "bostadsbolag"} | more
    promise = at + timedelta(days=1)
    return events.CaseHandedOver(
        case_id=case,
        case_number=case,
        contact_id=contact,
        at=at,
        handover_id=handover or f"h-{case}",
        to="bostad@kommun.example",
        acknowledge_by=promise,
        answer_by=promise,
        **given,
    )


def presence(agent: str, state: Presence, *, at: datetime = START, used: int = 0) -> Event:
    """Return a change of presence."""
    return events.PresenceChanged(agent_id=agent, presence=state, at=at, used=used)


@dataclass
class Log:
    """Gives events the places that Kafka would: one partition, offsets that grow."""

    topic: str = "routing"
    partition: int = 0
    _offsets: Iterator[int] = field(default_factory=count)

    def records(self, *told: Event) -> list[Received[Any]]:
        return [self.record(event) for event in told]

    def record(self, event: Event, *, event_id: str | None = None, time: datetime = START) -> Received[Any]:
        place = (self.topic, self.partition, next(self._offsets))
        return Received(event, event_id or new_id(), event.event_type, time, event.key, *place, None)
