"""How many contacts of one kind may come without a pause before those behind them gather on one case.

A backstop against loops that show no sign of one: nothing is lost, nothing is answered, and one agent sees it all.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Burst(StrEnum):
    """What is counted together."""

    RETURNED = "returned"
    """Reports that a mail did not arrive which was none of ours, by entrance."""
    MACHINE = "machine"
    """What machines write that is no answer in a case of ours, by sender."""
    THREAD = "thread"
    """What comes to one case from one sender."""
    STRANGER = "stranger"
    """What names a case that is not proven to be its sender's, by sender."""
    SAME = "same"
    """The same words under the same subject, by sender."""


MOST: Mapping[Burst, int] = MappingProxyType(
    {Burst.RETURNED: 3, Burst.MACHINE: 5, Burst.THREAD: 20, Burst.STRANGER: 10, Burst.SAME: 200}
)
CAPPED = "rate_capped"
"""The flag of what is above."""
BY_NUMBER = "by_number"
"""The flag of what has joined a case because its subject names it, and its sender has written there."""
RETURNED = "bounce_unknown"
QUIET = "quiet"
"""Flags of the door: a report of a mail that was none of ours; old mail that nobody is told of."""


def kind_of(*, automatic: bool, flags: frozenset[str], follows: bool, claims: bool, sender: bool) -> Burst | None:
    """Return how a mail is counted; None is not at all. `claims` names a case without proof."""
    if QUIET in flags:
        return None
    if follows:
        return Burst.THREAD
    if automatic:
        return Burst.RETURNED if RETURNED in flags or not sender else Burst.MACHINE
    if not sender:
        return None
    return Burst.STRANGER if claims else Burst.SAME
