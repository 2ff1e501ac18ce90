"""What Qmatic Orchestra says of a visit, in words of ours: it came, was called, waits again, or is over."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Happened(StrEnum):
    """What has happened to a visit."""

    CAME = "came"
    CALLED = "called"
    WAITS_AGAIN = "waits_again"
    NO_SHOW = "no_show"
    SERVED = "served"
    REMOVED = "removed"


NAMES = {
    "VISIT_CREATE": Happened.CAME,
    "VISIT_CALL": Happened.CALLED,
    "VISIT_RECYCLE": Happened.WAITS_AGAIN,
    "VISIT_TRANSFER_TO_QUEUE": Happened.WAITS_AGAIN,
    "VISIT_NOSHOW": Happened.NO_SHOW,
    "VISIT_END": Happened.SERVED,
    "VISIT_REMOVE": Happened.REMOVED,
}
"""Orchestra's names of events; any other is none of ours."""


class Outcome(StrEnum):
    """What became of what was said."""

    TAKEN = "taken"
    OLD = "old"
    """Known already, or older than what is known: a repetition, or late."""
    NO_DESK = "no_desk"
    """Its branch is no desk of ours."""
    IGNORED = "ignored"
    """Nothing about a visit."""


_RANK = {Happened.CAME: 0, Happened.CALLED: 1, Happened.WAITS_AGAIN: 1}


def is_old(said: "Said", at: datetime, last: Happened) -> bool:
    """Say whether an event is told already by one at `at`; of one and the same time an end comes last."""
    if said.at != at:
        return said.at < at
    return said.happened is last or _RANK.get(said.happened, 2) < _RANK.get(last, 2)


@dataclass(frozen=True, slots=True)
class Said:
    """One event; `visit` is Orchestra's id of the visit, `user` whoever called it, empty when it does not say."""

    happened: Happened
    at: datetime
    branch: str
    visit: str
    ticket: str = ""
    service: str = ""
    user: str = ""
