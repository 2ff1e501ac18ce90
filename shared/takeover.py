"""How far something has moved into the contact centre: pure, the same for the router and for casework."""

from collections.abc import Iterable
from datetime import datetime

from shared.calendar import STOCKHOLM
from shared.records import TakeoverRecord
from shared.vocabulary import TakenOver

CASE_TYPE, ENTRANCE = "case_type", "entrance"
SUBJECTS = (CASE_TYPE, ENTRANCE)
STEPS = (TakenOver.NOT, TakenOver.TRIAL, TakenOver.TAKEN)
"""The way in, least taken first."""


def state_at(record: TakeoverRecord, at: datetime) -> TakenOver:
    """Return the state at a moment; it changes at local midnight."""
    day = at.astimezone(STOCKHOLM).date().isoformat()
    return record.before if record.from_day and day < record.from_day else record.state


def least_taken(records: Iterable[TakeoverRecord | None], at: datetime) -> tuple[TakenOver, str]:
    """Return the least taken state of those given, and where such contacts are forwarded (empty: the unit's own).

    What nothing is recorded about is taken over, and what is taken over is forwarded nowhere.
    """
    found = [(state_at(record, at), record.forward_to) for record in records if record is not None]
    state = min((one for one, _ in found), key=STEPS.index, default=TakenOver.TAKEN)
    if state is TakenOver.TAKEN:
        return state, ""
    return state, next((to for one, to in found if one is state and to), "")
