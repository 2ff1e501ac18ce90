"""A contact as the arguments of a Redis Function, and what of its `open` record the store itself knows."""

from datetime import datetime

from services.router.domain.order import CLASSES, place_of
from services.router.domain.skills import requirement_of
from services.router.store.domain import Argument
from shared.publish import Message
from shared.records import OpenContact

CHANGING = {
    "state",
    "epoch",
    "queue",
    "agent_id",
    "accepted_at",
    "priority",
    "step",
    "kind",
    "not_before",
    "preferred_agent",
    "asks",
    "turn",
    "queue_owner",
}
"""What the store itself knows of an open contact; the rest of its record never changes and is kept as it came."""

_NO_EVENT: tuple[Argument, ...] = ("", "", "", "")


def enqueue_row(contact: OpenContact, routed: Message | None) -> tuple[Argument, ...]:
    """Return a contact and its `contact.routed`, if it has one, as the arguments of `enqueue`."""
    if routed is None:
        return (*placed(contact), *_NO_EVENT)
    event = (routed.value or b"", routed.id, routed.time.isoformat(), routed.traceparent or "")
    return (*placed(contact), *event)


def restore_row(contact: OpenContact) -> tuple[Argument, ...]:
    """Return an open contact as the arguments of `restore`."""
    accepted = milliseconds(contact.accepted_at) if contact.accepted_at else ""
    return (*placed(contact), contact.state.value, contact.epoch, contact.agent_id or "", accepted)


def placed(contact: OpenContact) -> tuple[Argument, ...]:
    """Return what the store keeps of a contact: id, line, turn, arrival, queue … in the order that it is read in."""
    place = place_of(contact.priority, contact.received_at, contact.due_at)
    body: bytes = contact.__pydantic_serializer__.to_json(contact, exclude=CHANGING, exclude_none=True)
    wrap = contact.wrap_up
    return (
        contact.contact_id,
        _line_of(contact, place.number),
        milliseconds(contact.turn or place.turn),
        milliseconds(place.arrived),
        contact.queue,
        contact.channel.value,
        contact.preferred_agent or "",
        body,
        contact.priority.value,
        contact.kind.value,
        milliseconds(contact.not_before) if contact.not_before else "",
        round(contact.dwell_seconds * 1000) if contact.dwell_seconds else "",
        _steps_of(contact),
        contact.step,
        f"{wrap.mode}:{round(wrap.seconds * 1000)}" if wrap else "",
        "1" if contact.tells_connected else "",
        contact.queue_owner or "",
    )


def _line_of(contact: OpenContact, number: int) -> str:
    if contact.asks is not None:
        return f"{number}|{contact.channel}|{contact.asks}"
    return requirement_of(contact.channel, contact.skills, contact.language).signature(number)


def _steps_of(contact: OpenContact) -> str:
    """Return the overflow steps as the store reads them, a line each: `60000|s||koppla|bostadsbolag,+reserve`."""
    lines, skills, reserves = [], contact.skills, False
    for step in contact.steps:
        skills, reserves = (skills if step.skills is None else step.skills), reserves or step.reserves
        flags = "".join(
            flag
            for flag, said in (
                ("s", step.skills is not None or step.reserves),
                ("r", step.offer_return_call),
                ("x", step.give_up),
            )
            if said
        )
        words = requirement_of(contact.channel, skills, contact.language, reserves=reserves).words
        number = "" if step.priority is None else CLASSES.index(step.priority)
        lines.append(f"{round(step.after_seconds * 1000)}|{flags}|{number}|{step.queue or ''}|{words}")
    return "\n".join(lines)


def milliseconds(moment: datetime) -> int:
    """Return a moment in ms since 1970."""
    return round(moment.timestamp() * 1000)
