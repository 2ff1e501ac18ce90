"""The table of the case, as its document shows it; cases that are part of another, and cases closed for long."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.casework.domain.case import TRANSITIONS, WHEN_MERGED, Deed, WrongStateError, after, can, may_reopen
from shared.vocabulary import CaseState

SHOWN = Path(__file__).parents[3] / "docs" / "case.md"
COLUMNS = (CaseState.OPEN, CaseState.PARKED, CaseState.HANDED_OVER, CaseState.CLOSED)
NAMES = {
    "open": CaseState.OPEN,
    "parked": CaseState.PARKED,
    "handed over": CaseState.HANDED_OVER,
    "closed": CaseState.CLOSED,
}


def deeds_of(words: str) -> list[Deed]:
    names = [name.strip() for name in re.sub(r"\(.*?\)|another case|into another case|into", "", words).split(",")]
    return [Deed(name.replace(" ", "_")) for name in names]


def leads_to(cell: str, place: int) -> CaseState | None:
    parts = [part.strip() for part in re.sub(r"\(.*?\)|within the limit", "", cell).split(",") if part.strip()]
    words = parts[min(place, len(parts) - 1)]
    return None if words == "–" else NAMES[words]


def test_the_document_shows_the_table_that_the_code_goes_by():
    rows = [
        line.strip("|").split("|") for line in SHOWN.read_text(encoding="utf-8").splitlines() if line.startswith("|")
    ]
    shown = {}
    for words, *cells in rows[2:]:
        for place, deed in enumerate(deeds_of(words)):
            for state, cell in zip(COLUMNS, cells, strict=True):
                if (to := leads_to(cell, place)) is not None:
                    shown[state, deed] = to
    assert shown == dict(TRANSITIONS)
    assert {deed for _, deed in shown} | WHEN_MERGED == set(Deed)


@pytest.mark.parametrize("state", CaseState)
def test_what_is_refused_says_in_which_state_the_case_is(state: CaseState):
    for deed in set(Deed) - can(state):
        with pytest.raises(WrongStateError) as refused:
            after(state, deed)
        assert refused.value.detail.startswith("Ärendet ")


def test_a_case_that_is_part_of_another_can_only_be_made_its_own_again():
    assert all(can(state, merged=True) == {Deed.UNMERGE} for state in CaseState)


def test_the_limit_of_reopening_is_kept_to_the_second():
    closed = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a change of the clock lies between
    assert may_reopen(closed, closed + timedelta(days=30), 30)
    assert not may_reopen(closed, closed + timedelta(days=30, seconds=1), 30)
    assert may_reopen(None, closed, 0)
