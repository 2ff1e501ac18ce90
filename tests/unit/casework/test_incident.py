"""An incident: what may be done when, whom it concerns, and what must be said of it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.casework.domain.incident import (
    MISSING,
    PAST,
    TOO_LONG,
    UNKNOWN,
    IncidentClosedError,
    IncidentDeed,
    IncidentState,
    Known,
    Place,
    Reach,
    Said,
    after,
    faults,
    state_of,
)

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
KNOWN = Known({"bostadsbolag"}, {"bostad-nummer"}, {"ct-vatten"})
SAID = Said("Vattenläcka", "Vi lagar den.", "bostadsbolag")


@pytest.mark.parametrize("deed", list(IncidentDeed))
def test_everything_can_be_done_while_it_lasts_and_only_an_answer_afterwards(deed):
    assert after(IncidentState.OPEN, deed) in IncidentState
    if deed is IncidentDeed.ANSWER:
        assert after(IncidentState.CLOSED, deed) is IncidentState.CLOSED
    else:
        with pytest.raises(IncidentClosedError):
            after(IncidentState.CLOSED, deed)


def test_its_state_comes_of_when_it_was_closed():
    assert (state_of(None), state_of(NOW)) == (IncidentState.OPEN, IncidentState.CLOSED)
    assert after(IncidentState.OPEN, IncidentDeed.CLOSE) is IncidentState.CLOSED


def test_what_is_said_is_tidied():
    said = Said(" Läcka \n i\x00 Norra ", " Rad 1\nRad 2 ", "u", ("a", "a", "b"), ("c", "c"), "  Vi  vet. ")
    plain = said.plain()
    assert (plain.title, plain.text, plain.greeting) == ("Läcka i Norra", "Rad 1\nRad 2", "Vi vet.")
    assert (plain.entrances, plain.case_types) == (("a", "b"), ("c",))


@pytest.mark.parametrize(
    ("changes", "pointer", "text"),
    [
        ({"title": ""}, "/title", MISSING),
        ({"title": "x" * 121}, "/title", TOO_LONG),
        ({"text": ""}, "/text", MISSING),
        ({"text": "x" * 2_001}, "/text", TOO_LONG),
        ({"unit": ""}, "/unit", MISSING),
        ({"unit": "ingen"}, "/unit", UNKNOWN),
        ({"entrances": ("bostad-nummer", "ingen")}, "/entrances", UNKNOWN),
        ({"case_types": ("ingen",)}, "/case_types", UNKNOWN),
        ({"greeting": "x" * 301}, "/greeting", TOO_LONG),
        ({"expected_end": NOW}, "/expected_end", PAST),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(changes, pointer, text):
    found = faults(Said(**{**_fields(), **changes}), KNOWN, NOW)
    assert [(one.pointer, one.detail) for one in found] == [(pointer, text)]


def _fields():
    return {"title": SAID.title, "text": SAID.text, "unit": SAID.unit}


def test_what_is_sound_has_no_fault_and_an_expected_end_that_has_passed_may_stay():
    assert not faults(SAID, KNOWN, NOW)
    late = Said(**_fields(), expected_end=NOW - timedelta(hours=1))
    assert not faults(late, KNOWN, NOW, before=late.expected_end)
    assert faults(late, KNOWN, NOW, before=NOW - timedelta(hours=2))


HOME = Place("bostad-nummer", "bostadsbolag", "bostadsbolag", "ct-kallt")
SWITCHBOARD = Place("vaxel", "kontaktcenter", "kontaktcenter", None)


@pytest.mark.parametrize(
    ("reach", "place", "greets", "likely", "concerns"),
    [
        (Reach("bostadsbolag"), HOME, True, False, True),
        (Reach("bostadsbolag", ("bostad-mejl",)), HOME, False, False, True),
        (Reach("gata-och-park"), HOME, False, False, False),
        (Reach("gata-och-park", ("bostad-nummer",)), HOME, True, False, True),
        (Reach("gata-och-park", (), ("ct-kallt",)), HOME, False, True, True),
        (Reach("bostadsbolag"), SWITCHBOARD, False, False, False),
        (Reach("bostadsbolag", ("vaxel",)), SWITCHBOARD, True, False, True),
        (Reach("bostadsbolag", (), ("ct-vatten",)), SWITCHBOARD, False, False, False),
        (Reach("bostadsbolag"), Place("vaxel", "kontaktcenter", "bostadsbolag"), False, False, True),
    ],
)
def test_whom_it_concerns(reach, place, greets, likely, concerns):
    assert (reach.greets_at(place), reach.likely(place), reach.concerns(place)) == (greets, likely, concerns)
