"""The table of a hand-over's states: every move is allowed or refused in words, and what may go along."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.casework.domain.handover import (
    CONVERSATION,
    ENDED,
    FREE_WORDS,
    MOVES,
    REFUSALS,
    STORED,
    HandoverDeed,
    HandoverOverError,
    HandoverState,
    HandoverStateError,
    Standing,
    Why,
    Withheld,
    after,
    clock_time,
    controller_of,
    state_of,
    withheld,
)
from shared.vocabulary import Secrecy
from shared.web.languages import read_english

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
AT_1032 = datetime(2026, 11, 25, 9, 32, tzinfo=UTC)


def standing(state: HandoverState) -> Standing:
    received = state not in {HandoverState.SCHEDULED, HandoverState.SENT}
    return Standing(
        state,
        acknowledged_by="Lina Ek" if received else None,
        acknowledged_at=AT_1032 if received else None,
        ended_by="Lina Ek" if state in ENDED else None,
        ended_at=AT_1032 if state in ENDED else None,
        paused_at=AT_1032 if state is HandoverState.WAITING else None,
        deliver_at=NOW + timedelta(hours=2) if state is HandoverState.SCHEDULED else None,
    )


@pytest.mark.parametrize("state", HandoverState)
@pytest.mark.parametrize("deed", HandoverDeed)
def test_every_move_leads_somewhere_or_is_refused_with_its_reason(state: HandoverState, deed: HandoverDeed):
    if (state, deed) in MOVES:
        assert after(standing(state), deed, NOW) in HandoverState
        return
    with pytest.raises(HandoverOverError if state in ENDED else HandoverStateError) as refused:
        after(standing(state), deed, NOW)
    assert refused.value.status == 409
    assert refused.value.detail in REFUSALS
    said = refused.value.detail.format(**refused.value.params)
    assert "?" not in said, "every time that a reason names is known"
    assert not re.search(r"[{}]", said)


@pytest.mark.parametrize(
    ("state", "deed", "said"),
    [
        (HandoverState.ANSWERED, HandoverDeed.RETURN, "Lina Ek svarade redan kl. 10.32."),
        (HandoverState.RETURNED, HandoverDeed.ANSWER, "Lina Ek skickade tillbaka den redan kl. 10.32."),
        (HandoverState.WITHDRAWN, HandoverDeed.ACKNOWLEDGE, "Lina Ek tog tillbaka den redan kl. 10.32."),
        (
            HandoverState.SCHEDULED,
            HandoverDeed.ACKNOWLEDGE,
            "Den är inte levererad än: verksamheten får den kl. 13.00.",
        ),
        (
            HandoverState.ACKNOWLEDGED,
            HandoverDeed.WITHDRAW,
            "Lina Ek tog emot den kl. 10.32. Be verksamheten skicka tillbaka den.",
        ),
        (
            HandoverState.WAITING,
            HandoverDeed.REASSIGN,
            "Den väntar på invånaren sedan kl. 10.32. Låt klockan gå igen först.",
        ),
        (HandoverState.ACKNOWLEDGED, HandoverDeed.RESUME, "Den väntar inte på invånaren."),
    ],
)
def test_a_refusal_says_who_did_what_when(state: HandoverState, deed: HandoverDeed, said: str):
    with pytest.raises((HandoverOverError, HandoverStateError)) as refused:
        after(standing(state), deed, NOW)
    assert refused.value.detail.format(**refused.value.params) == said


def test_every_reason_is_in_english_too():
    known = set(read_english(Path(__file__).parents[3] / "services/casework/translations/en.po"))
    assert not set(REFUSALS) - known


def test_another_day_is_named():
    assert clock_time(AT_1032 - timedelta(days=1), NOW) == "10.32 (2026-11-24)"
    assert clock_time(AT_1032, NOW) == "10.32"


def test_nothing_happens_after_the_end():
    assert {state for state, _ in MOVES} == set(HandoverState) - ENDED


@pytest.mark.parametrize("state", HandoverState)
def test_a_state_is_read_as_it_was_written(state: HandoverState):
    scheduled, waiting = state is HandoverState.SCHEDULED, state is HandoverState.WAITING
    assert state_of(STORED[state], delivered=not scheduled, paused=waiting) is state
    assert STORED[state] in {one.value for one in HandoverState}


def test_only_the_receipt_the_return_and_passing_on_say_nothing_of_having_received():
    received = {deed for (state, deed), to in MOVES.items() if state is HandoverState.SENT and to is not state}
    silent = {HandoverDeed.RETURN, HandoverDeed.WITHDRAW}
    assert received - silent == {
        HandoverDeed.ACKNOWLEDGE,
        HandoverDeed.PROGRESS,
        HandoverDeed.ASSIGN,
        HandoverDeed.ASK_CITIZEN,
        HandoverDeed.MOVE_ANSWER,
        HandoverDeed.ANSWER,
    }


def test_what_the_checklist_forbids_does_not_go_and_the_reason_is_said():
    kept = withheld(Secrecy.NONE, ("namn", "personnummer i fritext"), other_controller=False)
    assert Withheld("namn", Why.FORBIDDEN) in kept
    assert Withheld("beskrivning", Why.FORBIDDEN) in kept, "words may hold the name"
    assert Withheld("telefon_eller_e_post", Why.FORBIDDEN) not in kept


def test_under_presumed_secrecy_words_do_not_go_by_mail():
    kept = withheld(Secrecy.PRESUMED, (), other_controller=True)
    assert kept == tuple(Withheld(field, Why.SECRECY) for field in (*FREE_WORDS, CONVERSATION))


def test_another_legal_person_gets_the_fields_and_not_the_conversation():
    assert withheld(Secrecy.POSSIBLE, (), other_controller=True) == (Withheld(CONVERSATION, Why.OTHER_CONTROLLER),)
    assert withheld(Secrecy.POSSIBLE, (), other_controller=False) == ()


@pytest.mark.parametrize(
    ("legal_form", "controller", "answers"),
    [
        ("förvaltning", "", ""),
        ("förvaltning", "Socialnämnden", "Socialnämnden"),
        ("bolag", "", "ÅFA"),
        ("kommunalt bolag", "", "ÅFA"),
    ],
)
def test_a_company_answers_for_its_own_data(legal_form: str, controller: str, answers: str):
    assert controller_of(legal_form, controller, "ÅFA") == answers


def _documented() -> Iterator[tuple[HandoverState, HandoverDeed, str]]:
    """Yield every cell of the table in docs/handover.md."""
    text = (Path(__file__).parents[3] / "docs" / "handover.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    start = next(index for index, row in enumerate(rows) if row[0] == "deed")
    states = [HandoverState(name) for name in rows[start][1:]]
    for row in rows[start + 1 : start + 1 + len(HandoverDeed)]:
        for state, cell in zip(states, row[1:], strict=True):
            yield state, HandoverDeed(row[0]), cell


def test_the_table_in_the_documentation_is_the_table():
    told = {(state, deed): HandoverState(cell) for state, deed, cell in _documented() if cell != "–"}
    assert told == dict(MOVES)
    assert {deed for _, deed, _ in _documented()} == set(HandoverDeed)
