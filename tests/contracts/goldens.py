"""Golden files of events: what has been written once must be readable for ever.

`python -m tests.contracts.goldens` writes the files of new types and of new optional fields. It refuses what would
break readers or old records (a field removed, narrowed or newly required): that needs a new version of the type.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.decode import ALL_TYPES
from shared.events import Event

FOLDER = Path(__file__).parent / "golden"
MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

Json = dict[str, Any]


def golden_path(event_type: str) -> Path:
    return FOLDER / f"{event_type}.json"


def golden(event_type: str) -> Json:
    """Return a golden file: `full` and `least` are records, `schema` is what was promised."""
    content: Json = json.loads(golden_path(event_type).read_text())
    return content


def made(model: type[Event]) -> Json:
    """Return what the golden file of a model would be now."""
    return {
        "full": example(model),
        "least": example(model, only_required=True),
        "schema": _bare(model.model_json_schema(mode="validation")),
    }


def _bare(schema: Any) -> Any:
    """Return a schema without its words: a better docstring is no change of the contract."""
    if isinstance(schema, dict):
        said = {name for name in ("title", "description") if isinstance(schema.get(name), str)}
        return {name: _bare(part) for name, part in schema.items() if name not in said}
    return [_bare(part) for part in schema] if isinstance(schema, list) else schema


def example(model: type[BaseModel], *, only_required: bool = False) -> Json:
    """Return a record with every field, or only with those that must be there."""
    fields: dict[str, FieldInfo] = model.model_fields
    return {
        name: _value(name, field.annotation)
        for name, field in fields.items()
        if field.is_required() or not only_required
    }


def _value(name: str, kind: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _value(name, next(part for part in arguments if part is not type(None)))
    if origin is not None:
        return _collection(name, origin, arguments)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return example(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[-1].value
    plain: dict[Any, Any] = {str: name, int: 7, float: 0.5, bool: True, datetime: MOMENT.isoformat(), object: name}
    return plain[kind]


def _collection(name: str, origin: Any, arguments: tuple[Any, ...]) -> Any:
    if origin is Literal:
        return arguments[0]
    if origin is dict:
        return {str(_value("key", arguments[0])): _value(name, arguments[1])}
    return [_value(name, arguments[0])]


def narrowings(old: Json, new: Json) -> list[str]:
    """Return what the new schema no longer accepts or no longer promises."""
    return list(_compare(old, new, old, new, ""))


def _compare(old: Json, new: Json, old_root: Json, new_root: Json, place: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    yield from (f"{place or 'record'}: no longer {kind}" for kind in sorted(_kinds(old) - _kinds(new)))
    yield from (
        f"{place}: no longer {value!r}" for value in old.get("enum", []) if value not in new.get("enum", [value])
    )
    yield from (
        f"{place}: {limit} is new or other" for limit in _LIMITS if new.get(limit) not in (None, old.get(limit))
    )
    required = set(new.get("required", [])) - set(old.get("required", []))
    yield from (f"{place}/{name}: newly required" for name in sorted(required))
    for name, part in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{place}/{name}: removed"
        else:
            yield from _compare(part, new["properties"][name], old_root, new_root, f"{place}/{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            yield from _compare(old[inner], new[inner], old_root, new_root, f"{place}/{inner}")


_LIMITS = ("maxLength", "minLength", "pattern", "maximum", "minimum", "maxItems", "minItems", "format", "const")


def _resolved(schema: Json, root: Json) -> Json:
    """Follow a reference; of `X or null` return X, marked as nullable."""
    if "$ref" in schema:
        return _resolved(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    options = schema.get("anyOf")
    if options is None:
        return schema
    kinds = [_resolved(option, root) for option in options]
    main = next(kind for kind in kinds if kind.get("type") != "null")
    return main | {"nullable": len(kinds) > 1}


def _kinds(schema: Json) -> set[str]:
    kinds = {schema["type"]} if "type" in schema else set()
    if "number" in kinds:
        kinds.add("integer")
    return kinds | ({"null"} if schema.get("nullable") else set())


def main() -> int:
    """Write what is new and allowed; say what is not."""
    FOLDER.mkdir(exist_ok=True)
    problems = 0
    for event_type, model in sorted(ALL_TYPES.items()):
        path = golden_path(event_type)
        broken = narrowings(golden(event_type)["schema"], made(model)["schema"]) if path.exists() else []
        problems += len(broken)
        for what in broken:
            print(f"{event_type}: {what}; make a new version of the type")
        if not broken:
            path.write_text(json.dumps(made(model), indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
