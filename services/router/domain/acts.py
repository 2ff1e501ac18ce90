"""What a supervisor may do, and the reasons that she can give for each: codes, which pages put into words."""

from collections.abc import Mapping
from enum import StrEnum


class Act(StrEnum):
    """The acts."""

    MOVE = "move"
    RAISE = "raise"
    RELEASE = "release"
    AWAY = "away"
    CLOSE = "close"
    OPEN = "open"
    PEAK = "peak"
    PEAK_END = "peak-end"


REASONS: Mapping[Act, tuple[str, ...]] = {
    Act.MOVE: ("wrong_queue", "load", "staff_missing", "mistake", "other"),
    Act.RAISE: ("urgent_matter", "waited_too_long", "load", "mistake", "other"),
    Act.RELEASE: ("not_answering", "agent_asked", "technical", "mistake", "other"),
    Act.AWAY: ("not_answering", "agent_asked", "technical", "planned", "other"),
    Act.CLOSE: ("staff_missing", "load", "planned", "technical", "incident", "other"),
    Act.OPEN: ("staffed_again", "planned", "mistake", "other"),
    Act.PEAK: ("incident", "load", "staff_missing", "technical", "other"),
    Act.PEAK_END: ("calm_again", "mistake", "other"),
}
"""The codes by act, the usual one first."""
