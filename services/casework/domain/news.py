"""What a newer version of a checklist says otherwise, in few words, for somebody who walks through an older one."""

from dataclasses import dataclass

from services.casework.domain.checklist import Checklist, Step


@dataclass(frozen=True, slots=True)
class News:
    """One thing that is otherwise: `new`, `changed` or `gone`, and the text that says it."""

    kind: str
    text: str


def news(old: Checklist, new: Checklist) -> tuple[News, ...]:
    """Return what has changed: steps in the order of the new version, then ends, then what is gone."""
    before = {step.id: step for step in old.steps}
    found = [
        News("changed" if step.id in before else "new", new.fill(step.text))
        for step in new.steps
        if step.id not in before or _said(before[step.id]) != _said(step)
    ]
    ends = {end.id: end for end in old.ends}
    found += [
        News("changed" if end.id in ends else "new", new.fill(end.message or end.to or end.note or end.id))
        for end in new.ends
        if ends.get(end.id) != end
    ]
    kept = {step.id for step in new.steps}
    found += [News("gone", old.fill(step.text)) for step in old.steps if step.id not in kept]
    return tuple(found)


def _said(step: Step) -> tuple[object, ...]:
    return step.type, step.text, step.goto, step.options, step.obligatory, step.note, step.delegation, step.links
