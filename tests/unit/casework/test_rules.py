"""States of a case and of a hand-over, deadlines, and what goes along."""

from datetime import UTC, datetime

import pytest

from services.casework.domain.case import Deed, WrongStateError, after, can, case_id_of
from services.casework.domain.checklist import End
from services.casework.domain.deadline import ANSWER_DEFAULT, RECEIVE_DEFAULT, deadlines, due
from services.casework.domain.first_contact import solved
from services.casework.domain.handover import fields, with_conversation
from shared.vocabulary import CaseState, Outcome, Resolution, Secrecy


def test_every_state_and_deed_either_leads_somewhere_or_is_refused():
    for state in CaseState:
        for deed in Deed:
            if deed in can(state):
                assert after(state, deed) in CaseState
            else:
                with pytest.raises(WrongStateError):
                    after(state, deed)


def test_a_closed_case_ends_no_second_time_and_is_not_worked_on():
    assert not can(CaseState.CLOSED) & {Deed.CLOSE, Deed.HAND_OVER, Deed.PARK, Deed.STEP, Deed.CLASSIFY, Deed.REPLY}


def test_a_citizen_who_comes_back_wakes_every_case_but_one_that_is_handed_over():
    assert {state: after(state, Deed.FOLLOW_UP) for state in CaseState} == {
        CaseState.OPEN: CaseState.OPEN,
        CaseState.PARKED: CaseState.OPEN,
        CaseState.CLOSED: CaseState.OPEN,
        CaseState.HANDED_OVER: CaseState.HANDED_OVER,
    }


def test_a_contact_always_opens_the_same_case():
    assert case_id_of("a") == case_id_of("a") != case_id_of("b")
    assert len(case_id_of("a")) == 36


@pytest.mark.parametrize("once", [True, False])
def test_what_was_solved_here_counts_strictly_what_she_can_do_herself_widely_and_only_at_once(once: bool):
    counted = {one: solved(one, once=once) for one in Resolution}
    assert {one for one, (strict, _) in counted.items() if strict} == ({Resolution.SOLVED} if once else set())
    wide = {Resolution.SOLVED, Resolution.SELF_SERVICE}
    assert {one for one, (_, widely) in counted.items() if widely} == (wide if once else set())


WEDNESDAY_10 = datetime(2026, 11, 25, 9, tzinfo=UTC)
WEDNESDAY_14 = datetime(2026, 11, 25, 13, tzinfo=UTC)
FRIDAY_14 = datetime(2026, 11, 27, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "within", "expected"),
    [
        (WEDNESDAY_10, "1 arbetsdag", "2026-11-26T16:00"),
        (WEDNESDAY_14, "1 arbetsdag", "2026-11-27T16:00"),
        (FRIDAY_14, "1 arbetsdag", "2026-12-01T16:00"),
        (WEDNESDAY_14, "4 arbetstimmar", "2026-11-26T08:00"),
        (WEDNESDAY_10, "senast 2 arbetsdagar", "2026-11-27T16:00"),
        (WEDNESDAY_14, "samma arbetsdag", "2026-11-25T16:00"),
        (WEDNESDAY_14, "genast, senast samma arbetsdag", "2026-11-25T16:00"),
        (datetime(2026, 11, 28, 9, tzinfo=UTC), "samma arbetsdag", "2026-11-30T16:00"),
        (WEDNESDAY_10, "samma arbetsdag om före 12:00, annars senast 12:00 nästa arbetsdag", "2026-11-25T16:00"),
        (WEDNESDAY_14, "samma arbetsdag om före 12:00, annars senast 12:00 nästa arbetsdag", "2026-11-26T11:00"),
        (FRIDAY_14, "samma arbetsdag om före 12:00, annars senast 12:00 nästa arbetsdag", "2026-11-30T11:00"),
        (WEDNESDAY_10, "automatiskt", "2026-11-26T16:00"),
        (WEDNESDAY_10, "{atgardstid_belysning}", "2026-11-26T16:00"),
        (WEDNESDAY_10, None, "2026-11-26T16:00"),
        (WEDNESDAY_10, "", "2026-11-26T16:00"),
        (datetime(2026, 12, 23, 9, tzinfo=UTC), "1 arbetsdag", "2026-12-28T16:00"),
    ],
)
def test_a_promise_is_counted_in_working_time(start: datetime, within: str | None, expected: str):
    assert due(start, within, RECEIVE_DEFAULT).strftime("%Y-%m-%dT%H:%M") == expected


def test_the_answer_is_never_due_before_the_receipt():
    terms = deadlines(WEDNESDAY_10, "3 arbetsdagar", "1 arbetsdag")
    assert terms.answer_by == terms.acknowledge_by
    assert deadlines(WEDNESDAY_10, None, None).answer_by == due(WEDNESDAY_10, ANSWER_DEFAULT, "1 arbetsdag")


def test_what_may_not_be_written_down_does_not_go_along():
    end = End("e", Outcome.HANDOVER, to="x", extra_fields=("adress", "ålder"))
    made = fields({"namn": "Olle", "telefon_eller_e_post": "1"}, end, ("namn", "adress", "telefon"), {"ålder": "7 "})
    names = {field.name: field.value for field in made}
    assert not {"namn", "adress", "telefon_eller_e_post"} & set(names)
    assert names["ålder"] == "7"


def test_missing_fields_are_named_but_not_those_nobody_has_to_know():
    made = fields({}, None, (), {})
    missing = {field.name for field in made if field.missing}
    assert "namn" in missing
    assert "vad_kc_har_gjort" not in missing
    assert made[6].label == "Telefon eller e post"


def test_words_go_by_mail_only_when_nothing_is_secret():
    assert with_conversation(Secrecy.POSSIBLE, ())
    assert not with_conversation(Secrecy.PRESUMED, ())
    assert not with_conversation(Secrecy.NONE, ("namn",))
