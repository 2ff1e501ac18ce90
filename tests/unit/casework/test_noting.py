"""What a checklist says of telling and writing, at the step where it matters; decisions; links."""

import pytest

from services.casework.domain.checklist import (
    Checklist,
    Done,
    End,
    Link,
    NoDelegationError,
    Run,
    Step,
    problems,
)
from services.casework.domain.noting import remember, should_not_stand
from services.casework.store.bodies import body_of, checklist_from
from services.casework.usecases.files.checklists_out import _step
from shared.vocabulary import Identity, Outcome, Secrecy, StepType

KINDS = tuple(StepType)
CLOSE = End("klart", Outcome.CLOSE, resolution="lost_av_kc")


def _list(*steps: Step, **facts: object) -> Checklist:
    return Checklist("a", "ct-1", steps, (CLOSE,), **facts)  # type: ignore[arg-type] # facts by name


def test_each_kind_of_step_is_told_what_it_needs_and_nothing_else():
    strict = _list(identity=Identity.VERIFIED, secrecy=Secrecy.PRESUMED, legal_note="Lagen.", forbid=("belopp",))
    told = {kind: set(remember(strict, Step("s", kind, "x", "klart"))) for kind in KINDS}
    before_telling = {"identity", "secrecy"}
    assert told[StepType.ASK] == told[StepType.CHECK] == set()
    assert told[StepType.DO] == before_telling
    assert told[StepType.INFORM] == told[StepType.DECIDE] == {*before_telling, "legal"}
    assert told[StepType.RECORD] == {"forbid"}
    plain = _list(identity=Identity.CONTACT, secrecy=Secrecy.POSSIBLE)
    assert not any(remember(plain, Step("s", kind, "x", "klart")) for kind in KINDS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hon har 19850709-9805 som nummer", ("personnummer",)),
        ("850709-9805", ("personnummer",)),
        ("198507099805, och igen 850709 9805", ("personnummer",)),
        ("850769-9802", ("personnummer",)),  # a coordination number
        ("850709-9806", ()),  # the sum is wrong
        ("851399-9805", ()),  # no such day
        ("Ring 070-174 06 05 eller 08-123 456 78", ()),
        ("KC-2026-000123", ()),
        ("Belopp: 100 kr", ("belopp",)),
        ("beloppet", ()),
        ("", ()),
    ],
)
def test_what_should_not_stand_in_a_note_is_found_and_nothing_else(text: str, found: tuple[str, ...]):
    assert should_not_stand(text, ("belopp", "")) == found


def test_a_decision_is_not_taken_without_its_delegation_and_keeps_it():
    decide = Step("s1", StepType.DECIDE, "Bevilja?", "klart", delegation=True)
    run = Run(_list(decide))
    for nothing in ("", "  "):
        with pytest.raises(NoDelegationError) as refused:
            run.answer(Done("s1", reference=nothing))
        assert refused.value.errors[0].pointer == "/reference"
    assert run.answer(Done("s1", reference="4.2")).done[-1].reference == "4.2"


def test_links_are_https_only_a_decision_is_one_and_both_come_back_from_the_store():
    safe = Step("s1", StepType.DECIDE, "x", "klart", delegation=True, links=(Link("Taxa", "https://kommun.example/a"),))
    assert problems(_list(safe)) == ()
    assert checklist_from(body_of(_list(safe)), 1) == _list(safe)
    assert _step(safe)["links"] == [{"label": "Taxa", "url": "https://kommun.example/a"}]
    assert _step(safe)["delegation"] is True
    for url in ("http://kommun.example", "javascript:alert(1)", "https://a b", "/a", 'https://a"onclick='):
        wrong = _list(Step("s1", StepType.ASK, "x", "klart", links=(Link("Taxa", url),)))
        assert [problem.path for problem in problems(wrong)] == [("steps", 0, "links", 0, "url")]
    asks = _list(Step("s1", StepType.ASK, "x", "klart", delegation=True))
    assert [problem.path for problem in problems(asks)] == [("steps", 0, "delegation")]
