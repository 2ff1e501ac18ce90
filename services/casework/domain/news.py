"""What a newer version of a checklist says otherwise, in few words, for somebody who walks through an older one."""

from dataclasses import dataclass

from services.casework.domain.checklist import Checklist


@dataclass(frozen=True, slots=True)
class News:
    """One thing that is otherwise: `new`, `changed` or `gone`, and the text that says it."""

    kind: str
    text: str


def of_steps(old: Checklist, new: Checklist) -> tuple[News, ...]:
    """Return what has changed among the steps, in the order of the new version, then what is gone."""
    before, kept = {step.id: step for step in old.steps}, {step.id for step in new.steps}
    found = [
        News("changed" if step.id in before else "new", new.fill(step.text))
        for step in new.steps
        if before.get(step.id) != step
    ]
    return (*found, *(News("gone", old.fill(step.text)) for step in old.steps if step.id not in kept))


def news(old: Checklist, new: Checklist) -> tuple[News, ...]:
    """Return what has changed: steps in the order of the new version, then ends, then the steps that are gone."""
    steps, ends = of_steps(old, new), {end.id: end for end in old.ends}
    otherwise = (
        News("changed" if end.id in ends else "new", new.fill(end.message or end.to or end.note or end.id))
        for end in new.ends
        if ends.get(end.id) != end
    )
    gone = tuple(one for one in steps if one.kind == "gone")
    return (*steps[: len(steps) - len(gone)], *otherwise, *gone)
