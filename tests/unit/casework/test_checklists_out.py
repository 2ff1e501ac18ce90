"""What is written out can be taken in again and is the same: the seed, and checklists that nobody would write."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.casework.domain.checklist import Checklist, End, Option, Step
from services.casework.domain.triggers import Trigger, TriggerKind, read_trigger
from services.casework.usecases.files.checklists_out import write_checklists
from services.casework.usecases.files.checklists_yaml import read_checklists
from shared.vocabulary import Identity, Outcome, Priority, Resolution, Secrecy, StepType

PATH: tuple[str, ...] = ("Bostadsbolag", "Felanmälan", "Värme", "Det är kallt inne: 12,5 °C?")
KNOWN = {PATH: "ct-cold"}
UNITS = ("Bostadsbolag", "Bygg och plan")

words = st.text(st.characters(codec="utf-8", exclude_characters="{}\x00", exclude_categories=["Cs"]), max_size=30)
said = words.filter(bool)
tricky = st.sampled_from(
    ["ja", "nej", "yes", "No", "true", "null", "~", "12", "1_000", "0x1f", "2026-12-01", "- a", "a: b"]
)
text = st.one_of(said, tricky)
triggers = st.one_of(
    said.map(read_trigger),
    st.builds(Trigger, said, st.sampled_from(TriggerKind), st.sampled_from(["", "02-29", "2027-01-01"])),
)


def steps_of(draw: st.DrawFn, ids: list[str], ends: tuple[str, str]) -> tuple[Step, ...]:
    """Return steps that lead on in their order, the last of them to either end."""
    last = draw(st.lists(text, min_size=2, max_size=2, unique=True))
    options = tuple(Option(label, to) for label, to in zip(last, ends, strict=True))
    return tuple(
        Step(
            one,
            draw(st.sampled_from(StepType)),
            draw(text),
            goto=None if one == ids[-1] else ids[place + 1],
            options=options if one == ids[-1] else (),
            obligatory=draw(st.booleans()),
            note=draw(words),
        )
        for place, one in enumerate(ids)
    )


def ends_of(draw: st.DrawFn, closed: str, handed: str) -> tuple[End, ...]:
    """Return an end that closes and one that sends on."""
    more: dict[str, Any] = {"message": draw(words), "note": draw(words), "forbid": tuple(draw(st.lists(words)))}
    return (
        End(closed, Outcome.CLOSE, draw(st.sampled_from(Resolution)).value, **more),
        End(
            handed,
            draw(st.sampled_from([Outcome.HANDOVER, Outcome.SWITCH])),
            to=draw(text),
            mode=draw(st.none() | text),
            priority=draw(st.sampled_from(Priority)).value,
            extra_fields=tuple(draw(st.lists(text, max_size=3))),
            receive_within=draw(st.none() | text),
            answer_citizen_within=draw(st.none() | text),
            why=draw(words),
        ),
    )


@st.composite
def checklists(draw: st.DrawFn) -> Checklist:
    """Return a checklist whose every end can be reached."""
    count = draw(st.integers(1, 5))
    ids = draw(st.lists(text, min_size=count + 2, max_size=count + 2, unique=True))
    steps = steps_of(draw, ids[:count], (ids[-2], ids[-1]))
    ends = ends_of(draw, ids[-2], ids[-1])
    return Checklist(
        id=draw(text),
        case_type="ct-cold",
        steps=steps,
        ends=ends,
        owner_role=draw(text),
        owner_unit=draw(st.sampled_from(UNITS)),
        identity=draw(st.sampled_from(Identity)),
        identity_note=draw(words),
        secrecy=draw(st.sampled_from(Secrecy)),
        legal_note=draw(words),
        params=draw(st.dictionaries(text, words, max_size=3)),
        forbid=tuple(draw(st.lists(words, max_size=2))),
        tags=tuple(draw(st.lists(words, max_size=2))),
        review_months=draw(st.none() | st.integers(1, 60)),
        review_triggers=tuple(draw(st.lists(triggers, max_size=3))),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(checklist=checklists())
def test_what_is_exported_is_imported_as_the_same(checklist: Checklist):
    data = write_checklists([checklist], {"ct-cold": PATH})
    assert read_checklists(data, KNOWN, UNITS) == [checklist]
    assert write_checklists(read_checklists(data, KNOWN, UNITS), {"ct-cold": PATH}) == data
