"""The form of a checklist, read back into one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain.checklist import Checklist, End, Option, Step
from services.casework.domain.triggers import Trigger, TriggerKind
from services.casework.web.checklist_form import form_of, read_form
from shared.vocabulary import Outcome, StepType
from tests.support.any_checklist import checklists

EMPTY = Checklist("a", "ct-1", (), ())
ONE = replace(
    EMPTY,
    steps=(Step("s1", StepType.ASK, "Hur varmt är det?", None, (Option("kallt", "akut"), Option("varmt", "klart"))),),
    ends=(
        End("klart", Outcome.CLOSE, "lost_av_kc"),
        End("akut", Outcome.HANDOVER, to="Jour {journummer}", priority="akut", extra_fields=("adress", "våning")),
    ),
    params={"journummer": "112"},
)
SENT = st.dictionaries(st.sampled_from([*form_of(ONE), "steps-9-text", "ends-x", "_csrf"]), st.text(max_size=9))


@given(checklists())
def test_a_form_read_back_is_the_checklist_it_was_made_of(checklist: Checklist):
    written = read_form(form_of(checklist), checklist)
    assert written.checklist == checklist
    assert not written.faults


@given(checklists(), SENT)
def test_whatever_is_sent_is_read_without_a_fall_and_every_id_is_there_once(checklist: Checklist, sent: dict[str, str]):
    made = read_form(sent, checklist).checklist
    names = [step.id for step in made.steps] + [end.id for end in made.ends]
    assert len(names) == len(set(names))
    assert {way for one in made.steps for way in one.ways()} <= {*names, ""}


def test_a_param_is_declared_by_writing_it_and_keeps_its_value():
    form = form_of(ONE) | {"steps-0-text": "Är det under {gräns} grader?"}
    assert read_form(form, ONE).checklist.params == {"gräns": "", "journummer": "112"}


def test_what_is_wrong_stands_beside_its_field_and_all_that_was_typed_is_kept():
    form = form_of(ONE) | {
        "review_months": "snart",
        "steps-0-text": "x" * 2_001,
        "ends-0-resolution": "bra",
        "identity": "nej",
        "steps-0-options-1-label": "å" * 201,
    }
    written = read_form(form, ONE)
    assert written.faults == {
        "review_months": "Skriv ett antal månader, 1 till 60.",
        "steps-0-text": "Texten är för lång.",
        "ends-0-resolution": "Värdet är inte ett av dem som går att välja.",
        "identity": "Värdet är inte ett av dem som går att välja.",
        "steps-0-options-1-label": "Texten är för lång.",
    }
    assert written.checklist.steps[0].text == "x" * 2_001
    assert written.typed["review_months"] == "snart"


@pytest.mark.parametrize("months", ["0", "61", "-1", "1.5", "²", "9" * 5_000])
def test_only_a_number_of_months_is_one(months: str):
    assert "review_months" in read_form({"review_months": months}, ONE).faults


def test_rows_may_have_holes_and_ids_that_cannot_be_used_are_given_anew():
    form = {
        "steps-7-text": "Andra",
        "steps-7-id": "s1",
        "steps-2-text": "Första",
        "steps-2-id": "s1",
        "steps-2-options-5-label": "ja",
        "steps-2-options-5-goto": "<b>",
        "ends-3-id": "<b>",
    }
    made = read_form(form, EMPTY).checklist
    assert [(one.id, one.text) for one in made.steps] == [("s1", "Första"), ("s2", "Andra")]
    assert made.steps[0].options == (Option("ja", "slut1"),)
    assert [one.id for one in made.ends] == ["slut1"]


def test_an_end_that_becomes_another_kind_forgets_what_only_the_old_kind_has():
    form = form_of(ONE) | {"ends-1-kind": "close", "ends-1-resolution": "kopplad", "ends-0-kind": "switch"}
    first, second = read_form(form, ONE).checklist.ends
    assert (second.resolution, second.to, second.priority, second.extra_fields) == ("kopplad", None, "normal", ())
    assert (first.kind, first.resolution) == (Outcome.SWITCH, None)


def test_a_form_that_shows_less_changes_nothing_else():
    assert read_form({"legal_note": "Ny lag."}, replace(EMPTY, identity_note="x", forbid=("y",))).checklist == replace(
        EMPTY, identity_note="x", forbid=("y",), legal_note="Ny lag."
    )


def test_reasons_to_read_again_are_lines_with_the_day_first_and_keep_their_kind():
    was = Trigger("ändrad taxa", TriggerKind.LAW, "01-01")
    lines = "2027-01-01 ändrad taxa\nny lag om bygglov\nförsta frostnatten"
    made = read_form({"review_triggers": lines}, replace(EMPTY, review_triggers=(was,)))
    assert made.checklist.review_triggers == (
        Trigger("ändrad taxa", TriggerKind.LAW, "2027-01-01"),
        Trigger("ny lag om bygglov", TriggerKind.LAW),
        Trigger("första frostnatten", TriggerKind.SEASON, "10-01"),
    )
    assert "review_triggers" in read_form({"review_triggers": "13-45 frost"}, EMPTY).faults
