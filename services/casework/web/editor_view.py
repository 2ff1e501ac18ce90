"""What the page of a version shows: the form, what is wrong at its place, where steps can lead, the drawing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.casework.domain.checklist import Checklist
from services.casework.domain.checklist_graph import Graph, graph
from services.casework.domain.checklist_problems import Problem
from services.casework.domain.lifecycle import Act, Phase, Version
from services.casework.usecases.checklists.reading import acts
from shared.web.access import Person

HEAD = "head"
"""The place of what belongs to no step and no end."""
_NAME = 60


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a step can lead, by name: a step is called by its number and text, an end by its kind and receiver."""

    id: str
    kind: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to mend: what it is, the param it is about, and which of the answers it stands at (from 1)."""

    code: str
    name: str = ""
    answer: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A version as its page shows it."""

    version: Version
    checklist: Checklist
    """What stands in the form: what was typed, if that was refused."""
    acts: frozenset[Act]
    faults: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, Sequence[Fault]] = field(default_factory=dict)

    @property
    def writing(self) -> bool:
        """Whether she may write in it."""
        return Act.WRITE in self.acts

    @property
    def graph(self) -> Graph:
        """Return the drawing."""
        return graph(self.checklist)

    @property
    def goals(self) -> tuple[Goal, ...]:
        """Return everything that a step can lead to."""
        return goals(self.checklist)

    @property
    def wrong(self) -> int:
        """Return how many things are to be mended."""
        return sum(map(len, self.problems.values()))

    def goal(self, goal_id: str | None) -> Goal | None:
        """Return where an id leads."""
        return next((one for one in self.goals if one.id == goal_id), None)


def goals(checklist: Checklist) -> tuple[Goal, ...]:
    """Return every step and end by name."""
    steps = [Goal(one.id, "step", number, _short(one.text)) for number, one in enumerate(checklist.steps, 1)]
    ends = [
        Goal(one.id, one.kind.value, number, _short(one.to or one.message or one.note))
        for number, one in enumerate(checklist.ends, 1)
    ]
    return (*steps, *ends)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _NAME else plain[: _NAME - 1].rstrip(" .,;:") + "…"


def waits_for(version: Version, person: Person) -> bool:
    """Return whether a version waits for her: to be approved, to be published, or to be written on after a no."""
    mine = acts(person, version)
    match version.phase:
        case Phase.IN_REVIEW | Phase.URGENT:
            return Act.APPROVE in mine
        case Phase.APPROVED:
            return Act.PUBLISH in mine and not version.scheduled
        case Phase.DRAFT:
            return version.author == person.id and Act.WRITE in mine
        case _:
            return False


def placed(found: Iterable[Problem], checklist: Checklist) -> dict[str, list[Fault]]:
    """Return problems by where they are said: `steps-2`, `ends-0`, or the head."""
    ends = {end.id: number for number, end in enumerate(checklist.ends)}
    places: dict[str, list[Fault]] = {}
    for problem in found:
        place = HEAD
        match problem.path:
            case ("steps", int(number), *_):
                place = f"steps-{number}"
            case ("ends", str(name), *_) if name in ends:
                place = f"ends-{ends[name]}"
        answer = problem.path[3] if len(problem.path) > 3 and problem.path[2] == "options" else -1
        said = Fault(problem.code, problem.name, int(answer) + 1)
        if said not in places.setdefault(place, []):
            places[place].append(said)
    return places
