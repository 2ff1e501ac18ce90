"""What casework tells of a case becomes whose it is; officers and machines are no case's agent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from services.router.store.case_agents import CaseNews
from services.router.usecases.remember_agent import RememberAgent
from shared.consume import Received
from shared.events import (
    CaseClassified,
    CaseClosed,
    CaseHandedOver,
    CaseMerged,
    CaseOpened,
    CaseParked,
    CaseReopened,
    CaseSplit,
    CaseStepDone,
)
from shared.vocabulary import CaseState, Channel, Resolution

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CASE: dict[str, Any] = {"case_id": "k1", "case_number": "KC-2026-000001"}
END: dict[str, Any] = {**CASE, "contact_id": "c1", "channel": Channel.EMAIL, "unit": "u", "at": NOW}


class Kept:
    def __init__(self) -> None:
        self.news: list[CaseNews] = []

    async def note(self, news: Sequence[CaseNews]) -> None:
        self.news.extend(news)


async def told(*events: Any) -> list[CaseNews]:
    kept = Kept()
    await RememberAgent(kept, {"maria"}.__contains__).handle([received(event) for event in events])
    return kept.news


def received(event: Any) -> Received[Any]:
    return Received(event, "e", event.event_type, NOW, event.key, "cases", 0, 0, None)


async def test_each_event_says_what_it_knows():
    opened = CaseOpened(
        **CASE, contact_id="c1", channel=Channel.EMAIL, entrance="e", unit="u", person_key="p1", opened_at=NOW
    )
    classified = CaseClassified(**CASE, contact_id="c1", case_type="ct", unit="u", how="confirmed", by="maria", at=NOW)
    closed = CaseClosed(**END, resolution=Resolution.SOLVED, by="maria")
    handed = CaseHandedOver(**END, handover_id="h", to="x", acknowledge_by=NOW, answer_by=NOW, by="maria")
    step = CaseStepDone(**CASE, checklist={"id": "c", "version": 1}, step="s", by="maria", at=NOW)
    assert await told(opened, classified, closed, handed, step) == [
        CaseNews("k1", NOW, "open", person="p1"),
        CaseNews("k1", NOW, agent="maria"),
        CaseNews("k1", NOW, "closed", agent="maria"),
        CaseNews("k1", NOW, "away", agent="maria"),
    ]


async def test_an_officer_who_sends_it_back_does_not_become_its_agent():
    back = CaseReopened(**CASE, contact_id="c1", by="officer-per", at=NOW)
    assert await told(back) == [CaseNews("k1", NOW, "open")]


async def test_a_parked_case_stays_its_agents_and_a_merged_one_is_nobodys():
    parked = CaseParked(**CASE, contact_id="c1", until=NOW, by="maria", at=NOW)
    merged = CaseMerged(**CASE, contact_id="c1", into="k2", into_number="KC-2026-000002", by="maria", at=NOW)
    split = CaseSplit(**CASE, origin="k2", origin_number="KC-2026-000002", by="maria", at=NOW)
    closed = split.model_copy(update={"state": CaseState.CLOSED})
    assert await told(parked, merged, split, closed) == [
        CaseNews("k1", NOW, "open", agent="maria"),
        CaseNews("k1", NOW, "closed"),
        CaseNews("k1", NOW, "open", agent="maria"),
        CaseNews("k1", NOW, "closed"),
    ]
