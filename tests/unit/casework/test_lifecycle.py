"""The table of a version's life as its document shows it, what makes one ready, urgent ends, and days to read again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain.checklist import Checklist, End, Option, Step
from services.casework.domain.lifecycle import (
    IN_WORK,
    LIVE,
    LONGEST_URGENT,
    PHASE_WORDS,
    TRANSITIONS,
    Act,
    BadEndError,
    Phase,
    Version,
    WrongPhaseError,
    after,
    can,
    missing_params,
    unready,
    urgent_end,
)
from services.casework.domain.local_facts import EXAMPLES, BadFactError, BadNameError, Measure, sound
from services.casework.domain.reread import due_of
from services.casework.domain.triggers import AHEAD, SEASONS, Trigger, TriggerKind, is_day, read_trigger
from shared.vocabulary import Outcome, StepType

SHOWN = Path(__file__).parents[3] / "docs" / "checklists.md"
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def small(**facts: object) -> Checklist:
    steps = (Step("s1", StepType.ASK, "Ring {journummer}?", options=(Option("ja", "klart"), Option("nej", "vidare"))),)
    ends = (End("klart", Outcome.CLOSE, "lost_av_kc"), End("vidare", Outcome.HANDOVER, to="Bostadsbolag/Jour"))
    plain = Checklist("prov", "ct-1", steps, ends, params={"journummer": ""})
    return replace(plain, **facts)  # type: ignore[arg-type] # each a field of it


def test_the_document_shows_the_table_that_the_code_goes_by():
    lines = SHOWN.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    head = rows[0]
    phases = [Phase(name.replace(" ", "_")) for name in head[1:]]
    assert phases == list(Phase)
    table = rows[2 : 2 + len(Act)]
    assert [row[0] for row in table] == [act.value for act in Act]
    shown = {
        (phase, Act(act)): Phase(cell.replace(" ", "_"))
        for act, *cells in table
        for phase, cell in zip(phases, cells, strict=True)
        if cell != "–"
    }
    assert shown == dict(TRANSITIONS)


def test_what_is_refused_says_in_which_phase_the_version_is():
    for phase in Phase:
        for act in Act:
            if act in can(phase):
                assert after(phase, act) is TRANSITIONS[phase, act]
                continue
            with pytest.raises(WrongPhaseError) as refused:
                after(phase, act)
            assert refused.value.detail == PHASE_WORDS[phase]


def test_only_what_was_approved_or_hurried_comes_to_live_and_nothing_that_was_live_is_written_again():
    into = {(phase, act) for (phase, act), to in TRANSITIONS.items() if to in LIVE and phase not in LIVE}
    assert into == {(Phase.APPROVED, Act.PUBLISH), (Phase.DRAFT, Act.HURRY), (Phase.SUPERSEDED, Act.RESTORE)}
    assert {phase for (phase, act) in TRANSITIONS if act is Act.WRITE} == {Phase.DRAFT}
    reached, ahead = set(), [Phase.PUBLISHED, Phase.URGENT]
    while ahead:
        here = ahead.pop()
        reached.add(here)
        ahead += [to for (phase, _), to in TRANSITIONS.items() if phase is here and to not in reached]
    assert not reached & IN_WORK
    assert not can(Phase.WITHDRAWN)


def test_ready_is_what_strands_nobody_and_has_all_its_facts():
    assert [one.path for one in unready(small(), {})] == [("params", "journummer")]
    assert not unready(small(), {"journummer": "070-174 06 05"})
    assert not unready(small(params={"journummer": "070-174 06 05"}), {})
    assert missing_params(small(), {"journummer": "  "}) == ("journummer",)
    nowhere = small(ends=(End("klart", Outcome.CLOSE), End("vidare", Outcome.HANDOVER, to=" ")))
    assert [one.path for one in unready(nowhere, {"journummer": "1"})] == [("ends", "vidare", "to")]
    twice = small(steps=(*small().steps, replace(small().steps[0], id="klart")))
    assert ("steps", 1, "id") in [one.path for one in unready(twice, {"journummer": "1"})]
    same = small(
        steps=(Step("s1", StepType.ASK, "?", options=(Option("ja", "klart"), Option("ja", "vidare"))),), params={}
    )
    assert [one.path for one in unready(same, {})] == [("steps", 0, "options", 1, "if")]


@given(
    asked=st.none() | st.timedeltas(timedelta(seconds=1), LONGEST_URGENT),
    running=st.none() | st.timedeltas(timedelta(0), LONGEST_URGENT),
)
def test_an_urgent_change_ends_within_seven_days_and_never_after_the_one_before(
    asked: timedelta | None, running: timedelta | None
):
    end = urgent_end(NOW, None if asked is None else NOW + asked, None if running is None else NOW + running)
    assert NOW <= end <= NOW + LONGEST_URGENT
    assert asked is None or end <= NOW + asked
    assert running is None or end <= NOW + running


@pytest.mark.parametrize("asked", [timedelta(0), -timedelta(days=1), LONGEST_URGENT + timedelta(seconds=1)])
def test_an_end_that_is_over_or_too_far_is_refused(asked: timedelta):
    with pytest.raises(BadEndError):
        urgent_end(NOW, NOW + asked, None)


def test_triggers_are_read_from_words_and_seasons_come_back_every_year():
    assert read_trigger("första frostnatten") == Trigger("första frostnatten", TriggerKind.SEASON, "10-01")
    assert read_trigger("ändring i plan- och bygglagen").kind is TriggerKind.LAW
    assert read_trigger("ny maxtaxa i januari") == Trigger("ny maxtaxa i januari", TriggerKind.TARIFF, "01-01")
    assert read_trigger("ny entreprenör").kind is TriggerKind.EVENT
    assert all(is_day(day) for day in SEASONS.values())
    leap = Trigger("skottdag", TriggerKind.SEASON, "02-29")
    assert leap.due(date(2026, 3, 1)) == date(2027, 2, 28)
    assert leap.due(date(2027, 3, 1)) == date(2028, 2, 29)
    once = Trigger("lag", TriggerKind.LAW, "2026-12-01")
    assert (once.due(date(2026, 12, 1)), once.due(date(2026, 12, 2))) == (date(2026, 12, 1), None)
    assert [is_day(one) for one in ("", "02-29", "2026-02-29", "13-01", "1/5")] == [True, True, False, False, False]


@given(today=st.dates(date(2026, 1, 1), date(2040, 1, 1)), day=st.dates(date(2024, 1, 1), date(2024, 12, 31)))
def test_a_yearly_day_is_always_ahead_and_never_more_than_a_year(today: date, day: date):
    due = Trigger("x", TriggerKind.SEASON, day.strftime("%m-%d")).due(today)
    assert due is not None
    assert today <= due <= today + timedelta(days=366)


def test_what_is_due_is_within_thirty_days_and_an_old_review_stays_due():
    def found(review: datetime | None, *triggers: Trigger) -> list[tuple[str, bool]]:
        version = Version(small(review_triggers=triggers), Phase.PUBLISHED, "bostadsbolag", review_by=review)
        return [(one.kind, one.overdue) for one in due_of(version, NOW.date())]

    assert found(NOW + AHEAD) == [("review", False)]
    assert found(NOW + AHEAD + timedelta(days=1)) == []
    assert found(NOW - timedelta(days=400)) == [("review", True)]
    tariff = Trigger("taxa", TriggerKind.TARIFF, "2026-12-24")
    assert found(None, tariff, Trigger("ny entreprenör")) == [("tariff", False)]
    assert found(None, replace(tariff, day="2026-12-26")) == []


def test_a_fact_looks_like_its_measure():
    for measure, example in EXAMPLES.items():
        assert sound("namn", f"  {example} ", measure.value) == (example, measure)
    assert sound("namn", "1 250,50 kr", "kronor")[0] == "1 250,50 kr"
    assert sound("namn", " ", "telefon") == ("", Measure.PHONE)
    assert sound("namn", "vad\x00 som\nhelst", "okänt") == ("vad som helst", Measure.TEXT)
    for value, wrong in (("ring", "telefon"), ("kommun", "e-post"), ("25.00", "klockslag"), ("{a}", "text")):
        with pytest.raises(BadFactError):
            sound("namn", value, wrong)
    for name in ("", "{a}", "a" * 81, "/x"):
        with pytest.raises(BadNameError):
            sound(name, "1", "text")
