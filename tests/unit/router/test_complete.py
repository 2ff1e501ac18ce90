"""Which contacts end with their cases."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from services.router.store.queues import EndedCase, Queues
from services.router.usecases.complete import Complete
from shared.consume import Received
from shared.events import CaseMerged, CaseParked, Event

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CASE: dict[str, Any] = {"case_id": "k1", "case_number": "KC-2026-000001", "by": "maria", "at": NOW}


class Ends:
    """Keeps what would be ended."""

    ended: Sequence[EndedCase] = ()

    async def end_cases(self, ended: Sequence[EndedCase]) -> None:
        self.ended = ended


def record(event: Event) -> Received[Any]:
    return cast("Received[Any]", type("Record", (), {"event": event})())


async def test_a_promised_return_call_still_waits_when_its_case_rests_or_becomes_part_of_another():
    queues = Ends()
    parked = [CaseParked(**CASE, contact_id=one, until=NOW) for one in ("c1", "")]
    merged = CaseMerged(**CASE, contact_id="", into="k2", into_number="KC-2026-000002")
    await Complete(cast("Queues", queues)).handle([record(one) for one in (*parked, merged)])
    assert [one.contact_id for one in queues.ended] == ["c1"]
