"""Writing checklists as YAML, in the form that `checklists_yaml` reads: what is as usual is left out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any

import yaml

from services.casework.domain.checklist import Checklist, End, Step
from services.casework.domain.triggers import Trigger, read_trigger
from services.casework.usecases.files.checklists_yaml import PRIORITIES

_PRIORITY_WORDS = {priority.value: word for word, priority in PRIORITIES.items()}
_BREAKS = frozenset("\r\x85\u2028\u2029\ufeff")
_OWN = {"id", "case_type", "version", "steps", "ends", "owner_role", "owner_unit", "params", "review_triggers"}


def write_checklists(checklists: Sequence[Checklist], paths: Mapping[str, Sequence[str]]) -> bytes:
    """Return the file of some checklists; `paths` are the paths of case types by id."""
    listed = [_checklist(one, paths[one.case_type]) for one in checklists]
    whole = {"schema_version": 1, "checklists": listed}
    return yaml.dump(whole, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120).encode()


class _Dumper(yaml.SafeDumper):
    """Writes aliases out, and in double quotes what another style would fold to a plain line break."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as PyYAML asks
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _BREAKS & set(text) else None)


_Dumper.add_representer(str, _text)


def _checklist(checklist: Checklist, path: Sequence[str]) -> dict[str, Any]:
    head = {"id": checklist.id, "unit": path[0], "area": " / ".join(path[1:-1]), "question": path[-1]}
    owner = {"role": checklist.owner_role, "unit": checklist.owner_unit}
    said = {**head, "owner": owner, **_plain(checklist, _OWN)}
    if checklist.review_triggers:
        said["review_triggers"] = [_trigger(one) for one in checklist.review_triggers]
    if checklist.params:
        said["params"] = dict(checklist.params) if any(checklist.params.values()) else list(checklist.params)
    said["steps"] = [_step(step) for step in checklist.steps]
    said["ends"] = {end.id: _end(end) for end in checklist.ends}
    return said


def _plain(thing: Any, without: Collection[str]) -> dict[str, Any]:
    """Return the fields of a dataclass that are not as usual, as YAML has them."""
    found = {}
    for one in fields(thing):
        value = getattr(thing, one.name)
        usual = one.default if one.default is not MISSING else None
        if one.name not in without and value is not None and value != usual:
            found[one.name] = _value(value)
    return found


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return [_value(one) for one in value] if isinstance(value, tuple) else value


def _step(step: Step) -> dict[str, Any]:
    said = _plain(step, {"options", "links"})
    if step.options:
        said["options"] = [{"if": option.label, "goto": option.goto} for option in step.options]
    if step.links:
        said["links"] = [{"label": link.label, "url": link.url} for link in step.links]
    return said


def _end(end: End) -> dict[str, Any]:
    said = _plain(end, {"id"})
    if "priority" in said:
        said["priority"] = _PRIORITY_WORDS[end.priority]
    return said


def _trigger(trigger: Trigger) -> str | dict[str, str]:
    """Return a trigger as its words where they say it all, otherwise with its kind and day."""
    if read_trigger(trigger.text) == trigger:
        return trigger.text
    return {"text": trigger.text, "kind": trigger.kind.value, **({"day": trigger.day} if trigger.day else {})}
