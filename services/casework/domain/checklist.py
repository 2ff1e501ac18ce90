"""A checklist: steps with branches that lead to an end, and the walk through it, one step at a time."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.casework.domain.checklist_problems import Problem, problem
from services.casework.domain.triggers import Trigger
from shared.errors import DomainError, FieldError
from shared.vocabulary import Identity, Outcome, Secrecy, StepType

_BRACES = re.compile(r"\{([^{}]+)\}")
_SAFE = re.compile(r"https://[^\s<>\"']+")


class StepNotNextError(DomainError):
    """The step is not the one the run stands at."""

    type = "step-not-next"
    status = 422
    title = "Steget är inte nästa i checklistan."


class UnknownOptionError(DomainError):
    """The step has no such answer, or needs one."""

    type = "unknown-option"
    status = 422
    title = "Steget har inte det svaret."


class NoDelegationError(DomainError):
    """The step is a decision that somebody must have been given the right to take, and nobody says by what."""

    type = "no-delegation"
    status = 422
    title = "Beslutet kräver en hänvisning till delegationsordningen, till exempel punkt 4.2."


class NothingToUndoError(DomainError):
    """No step has been done yet."""

    type = "nothing-to-undo"
    status = 409
    title = "Det finns inget steg att gå tillbaka till."


@dataclass(frozen=True, slots=True)
class Option:
    """An answer and the step or end it leads to."""

    label: str
    goto: str


@dataclass(frozen=True, slots=True)
class Link:
    """A page that helps with a step."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to ask, check, say, write, do or decide; without options it leads on to `goto`."""

    id: str
    type: StepType
    text: str
    goto: str | None = None
    options: tuple[Option, ...] = ()
    obligatory: bool = False
    note: str = ""
    delegation: bool = False
    """A decision (*beslut*): whoever takes it says by which delegation."""
    links: tuple[Link, ...] = ()

    def ways(self) -> tuple[str, ...]:
        """Return every id that this step can lead to."""
        return tuple(option.goto for option in self.options) or ((self.goto,) if self.goto else ())


@dataclass(frozen=True, slots=True)
class End:
    """Where a run may end: close, hand over or switch; durations stand as the author wrote them."""

    id: str
    kind: Outcome
    resolution: str | None = None
    message: str = ""
    to: str | None = None
    mode: str | None = None
    priority: str = "normal"
    extra_fields: tuple[str, ...] = ()
    receive_within: str | None = None
    answer_citizen_within: str | None = None
    note: str = ""
    why: str = ""
    """Why a hand-over cannot be closed by the contact centre itself."""
    forbid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checklist:
    """One version of a checklist; a run keeps the version it began with."""

    id: str
    case_type: str
    steps: tuple[Step, ...]
    ends: tuple[End, ...]
    version: int = 1
    owner_role: str = ""
    owner_unit: str = ""
    identity: Identity = Identity.NONE
    identity_note: str = ""
    secrecy: Secrecy = Secrecy.NONE
    legal_note: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    forbid: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    review_months: int | None = None
    review_triggers: tuple[Trigger, ...] = ()

    def step(self, step_id: str) -> Step | None:
        """Return the step of that id, if it is one."""
        return next((step for step in self.steps if step.id == step_id), None)

    def end(self, end_id: str) -> End | None:
        """Return the end of that id, if it is one."""
        return next((end for end in self.ends if end.id == end_id), None)

    def fill(self, text: str) -> str:
        """Return `text` with every known param filled in; an unknown one stays as `{name}`."""
        return _BRACES.sub(lambda match: self.params.get(match[1]) or match[0], text)

    def with_facts(self, facts: Mapping[str, str]) -> "Checklist":
        """Return it with the local facts of its unit for params; one that is empty leaves what stands here."""
        said = {name: value for name, value in facts.items() if value}
        return replace(self, params={**self.params, **said}) if said else self

    def reachable(self, start: str) -> frozenset[str]:
        """Return every id that can be come to from `start`, itself included."""
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            here = ahead.pop()
            if here in seen:
                continue
            seen.add(here)
            step = self.step(here)
            ahead.extend(step.ways() if step else ())
        return frozenset(seen)


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was done: the answer given, a note, by whom and when."""

    step: str
    option: str | None = None
    note: str = ""
    by: str = ""
    at: datetime | None = None
    reference: str = ""
    """By which delegation it was decided."""


@dataclass(frozen=True, slots=True)
class Back:
    """The last step was taken back: which one, by whom and when."""

    step: str
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One walk through one version of a checklist."""

    checklist: Checklist
    done: tuple[Done, ...] = ()

    @property
    def here(self) -> str | None:
        """The id of the step to do now or of the end that was come to; None when the checklist is empty."""
        if not self.done:
            return self.checklist.steps[0].id if self.checklist.steps else None
        last = self.done[-1]
        step = self.checklist.step(last.step)
        return leads_to(step, last.option) if step else None

    @property
    def end(self) -> End | None:
        """The end that was come to, if the walk is over."""
        return self.checklist.end(self.here) if self.here else None

    def open_obligatory(self) -> tuple[Step, ...]:
        """Return the obligatory steps that still lie ahead; a branch that was left behind blocks nothing."""
        if self.here is None:
            return ()
        ahead = self.checklist.reachable(self.here)
        return tuple(step for step in self.checklist.steps if step.obligatory and step.id in ahead)

    def answer(self, done: Done) -> "Run":
        """Return the run with one more step done; only the step that is next can be, with one of its answers."""
        if done.step != self.here or (step := self.checklist.step(done.step)) is None:
            raise StepNotNextError(step=done.step)
        option = _choose(self.checklist, step, done.option)
        if step.delegation and not done.reference.strip():
            raise NoDelegationError(errors=(FieldError("/reference", NoDelegationError.title),))
        chosen = replace(done, option=option.label if option else None)
        return Run(self.checklist, (*self.done, chosen))

    def back(self) -> "Run":
        """Return the run with its last step undone."""
        if not self.done:
            raise NothingToUndoError
        return Run(self.checklist, self.done[:-1])


def replayed(checklist: Checklist, deeds: Iterable[Done | Back]) -> Run:
    """Return the run that a version and what was done in it, in order, lead to."""
    run = Run(checklist)
    for deed in deeds:
        run = run.back() if isinstance(deed, Back) else run.answer(deed)
    return run


def leads_to(step: Step, label: str | None) -> str | None:
    """Return the step or end that an answer leads to."""
    return next((option.goto for option in step.options if option.label == label), step.goto)


def _choose(checklist: Checklist, step: Step, answer: str | None) -> Option | None:
    """Return the option meant by its label, its label with params filled in, or its number (from 1)."""
    if not step.options:
        return None
    text = (answer or "").strip()
    for option in step.options:
        if text in (option.label, checklist.fill(option.label)):
            return option
    if text.isdecimal() and 1 <= int(text) <= len(step.options):
        return step.options[int(text) - 1]
    raise UnknownOptionError(step=step.id, option=answer)


def problems(checklist: Checklist) -> tuple[Problem, ...]:
    """Return everything that would strand an agent: broken, unreachable, endless, or params nobody declared."""
    return (
        *_broken(checklist),
        *_strays(checklist),
        *_endless(checklist),
        *_undeclared(checklist),
        *_beside(checklist),
    )


def unwritten(checklist: Checklist) -> tuple[Problem, ...]:
    """Return what an editor has left empty; a file that leaves it so is not read at all."""
    return tuple(_unwritten(checklist))


def _unwritten(checklist: Checklist) -> Iterator[Problem]:
    if not checklist.ends:
        yield problem("no_ends", "ends")
    for number, step in enumerate(checklist.steps):
        if not step.text.strip():
            yield problem("no_text", "steps", number, "text", step=step.id)
        for index, option in enumerate(step.options):
            if not option.label.strip():
                yield problem("no_label", "steps", number, "options", index, "if", step=step.id)


def _ids(checklist: Checklist) -> frozenset[str]:
    return frozenset(step.id for step in checklist.steps) | {end.id for end in checklist.ends}


def _broken(checklist: Checklist) -> Iterator[Problem]:
    known = _ids(checklist)
    if not checklist.steps:
        yield problem("no_steps", "steps")
    for number, step in enumerate(checklist.steps):
        if not step.ways():
            yield problem("no_way", "steps", number, step=step.id)
        if step.goto and step.goto not in known:
            yield problem("astray", "steps", number, "goto", step=step.id, goal=step.goto)
        yield from _answers(number, step, known)


def _answers(number: int, step: Step, known: frozenset[str]) -> Iterator[Problem]:
    for index, option in enumerate(step.options):
        if option.goto not in known:
            where, facts = ("steps", number, "options", index, "goto"), {"label": option.label, "step": step.id}
            says = "astray:answer" if option.goto else "astray:nowhere"
            yield problem(says, *where, goal=option.goto, **facts)


def _strays(checklist: Checklist) -> Iterator[Problem]:
    if not checklist.steps:
        return
    reached = checklist.reachable(checklist.steps[0].id)
    for number, step in enumerate(checklist.steps):
        if step.id not in reached:
            yield problem("unreached", "steps", number, step=step.id)
    for end in checklist.ends:
        if end.id not in reached:
            yield problem("unreached:end", "ends", end.id, end=end.id)


def _endless(checklist: Checklist) -> Iterator[Problem]:
    ends = {end.id for end in checklist.ends}
    known = _ids(checklist)
    for number, step in enumerate(checklist.steps):
        ahead = checklist.reachable(step.id)
        if step.ways() and ahead <= known and not ahead & ends:
            yield problem("endless", "steps", number, step=step.id)


def used_params(checklist: Checklist) -> frozenset[str]:
    """Return the names of the params that stand in a text of the checklist."""
    return frozenset(name for _, text in _texts(checklist) for name in _BRACES.findall(text))


def _beside(checklist: Checklist) -> Iterator[Problem]:
    for number, step in enumerate(checklist.steps):
        if step.delegation and step.type is not StepType.DECIDE:
            yield problem("no_decision", "steps", number, "delegation", step=step.id)
        for index, link in enumerate(step.links):
            if not _SAFE.fullmatch(link.url):
                yield problem("unsafe_link", "steps", number, "links", index, "url", name=link.label, step=step.id)


def _undeclared(checklist: Checklist) -> Iterator[Problem]:
    for path, text in _texts(checklist):
        for name in _BRACES.findall(text):
            if name not in checklist.params:
                yield problem("undeclared", *path, name=name, param=f"{{{name}}}")


def _texts(checklist: Checklist) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for number, step in enumerate(checklist.steps):
        yield ("steps", number, "text"), step.text
        yield ("steps", number, "note"), step.note
        for index, option in enumerate(step.options):
            yield ("steps", number, "options", index, "if"), option.label
    for end in checklist.ends:
        yield from _end_texts(end)


def _end_texts(end: End) -> Sequence[tuple[tuple[str | int, ...], str]]:
    names = ("message", "to", "note", "why", "receive_within", "answer_citizen_within")
    return [(("ends", end.id, name), getattr(end, name) or "") for name in names]
