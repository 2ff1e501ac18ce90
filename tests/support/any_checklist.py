"""Checklists out of thin air, for property tests: any that an editor may hold, whole or half-written."""

from hypothesis import strategies as st

from services.casework.domain.checklist import Checklist, End, Link, Option, Step, used_params
from services.casework.domain.triggers import Trigger, TriggerKind
from shared.vocabulary import Identity, Outcome, Resolution, Secrecy, StepType

TEXT = st.text(st.sampled_from("abåäö {}.,?1-\n"), max_size=24).map(str.strip)
LINE = st.text(st.sampled_from("abåäö .-"), min_size=1, max_size=12).map(str.strip).filter(bool)
DAY = st.sampled_from(["", "10-01", "2027-02-28"])


@st.composite
def checklists(draw: st.DrawFn, *, whole: bool = False) -> Checklist:
    """Return a checklist; a `whole` one has at least one step and end, and every way leads somewhere."""
    least = 1 if whole else 0
    steps = draw(st.integers(least, 7))
    ends = draw(st.integers(least, 4))
    names = [f"s{number}" for number in range(steps)] + [f"e{number}" for number in range(ends)]
    ways = st.sampled_from(names if whole else [*names, ""]) if names else st.just("")
    made = Checklist(
        "list",
        "ct-1",
        tuple(draw(_steps(f"s{number}", ways)) for number in range(steps)),
        tuple(draw(_ends(f"e{number}")) for number in range(ends)),
        identity=draw(st.sampled_from(Identity)),
        identity_note=draw(TEXT),
        secrecy=draw(st.sampled_from(Secrecy)),
        legal_note=draw(TEXT),
        owner_role=draw(TEXT),
        forbid=tuple(draw(st.lists(LINE, max_size=2))),
        tags=tuple(draw(st.lists(LINE, max_size=2))),
        review_triggers=tuple(
            draw(
                st.lists(
                    st.builds(Trigger, LINE, st.sampled_from(TriggerKind), DAY),
                    max_size=2,
                    unique_by=lambda one: one.text,
                )
            )
        ),
        review_months=draw(st.none() | st.integers(1, 60)),
    )
    params = dict.fromkeys(sorted(used_params(made)), "12")
    return Checklist(**{**{name: getattr(made, name) for name in made.__dataclass_fields__}, "params": params})


@st.composite
def _steps(draw: st.DrawFn, name: str, ways: st.SearchStrategy[str]) -> Step:
    options = tuple(draw(st.lists(st.builds(Option, TEXT, ways), max_size=3)))
    goto = None if options else draw(ways) or None
    links = draw(st.lists(st.builds(Link, LINE, st.just("https://kommun.example/a")), max_size=1))
    kind, said = draw(st.sampled_from(StepType)), draw(TEXT)
    ticks = draw(st.booleans()), draw(st.booleans())
    return Step(name, kind, said, goto, options, ticks[0], draw(TEXT), ticks[1], tuple(links))


@st.composite
def _ends(draw: st.DrawFn, name: str) -> End:
    kind = draw(st.sampled_from(Outcome))
    if kind is Outcome.CLOSE:
        return End(name, kind, draw(st.sampled_from(Resolution)).value, draw(TEXT), note=draw(TEXT))
    to, note = draw(TEXT) or None, draw(TEXT)
    if kind is Outcome.SWITCH:
        return End(name, kind, message=draw(TEXT), to=to, note=note)
    within = st.sampled_from([None, "1 arbetsdag", "{svarstid}"])
    return End(
        name,
        kind,
        message=draw(TEXT),
        to=to,
        mode=draw(st.sampled_from([None, "koppla"])),
        priority=draw(st.sampled_from(["akut", "normal"])),
        extra_fields=tuple(draw(st.lists(LINE, max_size=2))),
        receive_within=draw(within),
        answer_citizen_within=draw(within),
        note=note,
        why=draw(TEXT),
    )
