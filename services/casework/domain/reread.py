"""What is to be read again: a live checklist whose review date, season, law or tariff is near."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.casework.domain.lifecycle import Version
from services.casework.domain.triggers import AHEAD

REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Due:
    """A reason to read a checklist again: `kind` is `review` or a kind of trigger, `text` the trigger's words."""

    checklist: str
    version: int
    unit: str
    kind: str
    day: date
    text: str = ""
    overdue: bool = False


def due_of(version: Version, today: date) -> Iterator[Due]:
    """Return every reason whose day is within thirty days from `today`, and a review date that has passed."""
    if version.review_by is not None and (day := version.review_by.date()) <= today + AHEAD:
        yield Due(version.id, version.number, version.unit, REVIEW, day, overdue=day < today)
    for trigger in version.checklist.review_triggers:
        near = trigger.due(today)
        if near is not None and near <= today + AHEAD:
            yield Due(version.id, version.number, version.unit, trigger.kind.value, near, trigger.text)
