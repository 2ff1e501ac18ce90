"""What becomes of a case is put in the queue of what its e-service platform is to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.intake.domain.instance import Told
from services.intake.store.platform_answers import Change
from shared.clock import Clock
from shared.events import CaseClosed, CaseHandedOver, CaseMerged, CaseOpened, CaseParked, CaseReopened, CaseSplit
from shared.lane import Received
from shared.vocabulary import CaseState

WANTED = (CaseOpened, CaseParked, CaseHandedOver, CaseReopened, CaseClosed, CaseMerged, CaseSplit)


class Answers(Protocol):
    """The queue of what platforms are to be told."""

    async def note(self, changes: Sequence[Change], now: Any) -> int: ...


@dataclass(frozen=True, slots=True)
class NoteCases:
    """Take in a batch from `cases`; of a case only the newest word is told, and the same again changes nothing."""

    answers: Answers
    clock: Clock

    async def handle(self, batch: Sequence[Received[Any]]) -> None:
        """Write what concerns an instance; most cases have come by another door."""
        await self.answers.note([_change(received.event) for received in batch], self.clock())


_STATES: dict[Any, Told] = {CaseParked: Told.PARKED, CaseHandedOver: Told.HANDED_OVER, CaseClosed: Told.CLOSED}


def _change(event: Any) -> Change:
    match event:
        case CaseOpened():
            return Change(event.case_id, event.opened_at, Told.OPENED, contact_id=event.contact_id)
        case CaseReopened():
            over = event.state is CaseState.HANDED_OVER
            return Change(event.case_id, event.at, Told.HANDED_OVER if over else Told.REOPENED)
        case CaseMerged():
            return Change(event.case_id, event.at, merged_into=event.into)
        case CaseSplit():
            return Change(event.case_id, event.at, apart=True)
        case _:
            return Change(event.case_id, event.at, _STATES[type(event)])
