"""The moments until which contacts of a closed queue are held, told apart from all other moments they may wait for.

Whoever waits for an opening hour or for a promised return call has a moment of whole seconds. A closure that ends by
the clock ends one millisecond after what was asked for; one that somebody has to end lies far away, at a moment of its
queue's own. So opening a queue lets in exactly those who waited for that.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

from services.router.domain.rules import Decision

FAR = datetime(2999, 1, 1, tzinfo=UTC)
"""From here on a moment means: when the queue is opened."""
_MARK = timedelta(milliseconds=1)


def marked(until: datetime) -> datetime:
    """Return the moment at which a closure until `until` ends."""
    return until.astimezone(UTC).replace(microsecond=0) + _MARK


def until_opened(queue: str) -> datetime:
    """Return the moment that stands for: when the queue is opened."""
    return FAR + timedelta(milliseconds=crc32(queue.encode()))


def is_closing(moment: datetime) -> bool:
    """Say whether a contact that waits until this moment waits because its queue is closed."""
    return moment >= FAR or round(moment.microsecond / 1000) == 1


def sent_on(decision: Decision, queue: str, *, has_skill: bool) -> Decision:
    """Return the decision for the queue that takes a closed one's contacts: its agents can take them.

    The skill that is named as the closed queue becomes the other's, or goes where there is none of that name.
    """

    def asked(skills: Iterable[str]) -> tuple[str, ...]:
        found = (_renamed(skill, decision.queue, queue if has_skill else "") for skill in skills)
        return tuple(dict.fromkeys(skill for skill in found if skill))

    steps = (step if step.skills is None else replace(step, skills=asked(step.skills)) for step in decision.steps)
    why = (*decision.why, f"closed:{decision.queue}")
    return replace(decision, queue=queue, skills=asked(decision.skills), steps=tuple(steps), why=why)


def _renamed(skill: str, old: str, new: str) -> str:
    name, equals, level = skill.partition("=")
    return skill if name != old else new and f"{new}{equals}{level}"
