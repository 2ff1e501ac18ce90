"""Every version of every event stands as a golden file; what breaks a reader or an old record fails here."""

import json
from copy import deepcopy
from typing import Any

import pytest

from shared.decode import ALL_TYPES
from shared.events import EVENT_TYPES
from shared.publish import message
from shared.records import RECORD_TYPES
from shared.topics import TOPICS
from tests.contracts.goldens import FOLDER, golden, golden_path, made, narrowings

HOW = "run `python -m tests.contracts.goldens`"
TYPES = sorted(ALL_TYPES)


@pytest.mark.parametrize("event_type", TYPES)
def test_a_golden_record_is_read_and_written_as_it_stands(event_type: str) -> None:
    model = ALL_TYPES[event_type]
    for kind in ("full", "least"):
        record = golden(event_type)[kind]
        event = model.model_validate_json(json.dumps(record))
        again = json.loads(message(event).value or b"")
        lost = {name for name, value in _normal(record).items() if _normal(again).get(name) != value}
        assert not lost, f"{kind} of {event_type} loses {lost}"


def _normal(record: dict[str, Any]) -> dict[str, Any]:
    text: dict[str, Any] = json.loads(json.dumps(record).replace("+00:00", "Z"))
    return text


@pytest.mark.parametrize("event_type", TYPES)
def test_nothing_is_removed_narrowed_or_newly_required(event_type: str) -> None:
    assert narrowings(golden(event_type)["schema"], made(ALL_TYPES[event_type])["schema"]) == []


@pytest.mark.parametrize("event_type", TYPES)
def test_the_golden_file_knows_every_field(event_type: str) -> None:
    assert golden_path(event_type).exists(), HOW
    assert golden(event_type) == made(ALL_TYPES[event_type]), HOW


def test_no_type_is_forgotten_or_withdrawn() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ALL_TYPES)
    assert not set(EVENT_TYPES) & set(RECORD_TYPES)


@pytest.mark.parametrize("event_type", TYPES)
def test_every_event_has_a_versioned_name_a_topic_and_a_sentence(event_type: str) -> None:
    model = ALL_TYPES[event_type]
    assert event_type.rpartition(".v")[2].isdigit()
    assert model.topic in TOPICS
    assert model.__doc__
    assert model.model_validate(golden(event_type)["full"]).key


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "$defs": {"Colour": {"type": "string", "enum": ["red", "green"]}},
    "properties": {
        "id": {"type": "string"},
        "age": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "colours": {"type": "array", "items": {"$ref": "#/$defs/Colour"}},
    },
}


def changed(**changes: Any) -> dict[str, Any]:
    schema = deepcopy(SCHEMA)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = schema
        for parent in parents:
            place = place[parent.replace("defs", "$defs")]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return schema


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (changed(properties__age=None), "/age: removed"),
        (changed(properties__age={"type": "number"}), "/age: no longer null"),
        (changed(properties__age={"anyOf": [{"type": "integer"}, {"type": "null"}]}), "/age: no longer number"),
        (changed(properties__id={"type": "integer"}), "/id: no longer string"),
        (changed(properties__id={"type": "string", "maxLength": 3}), "/id: maxLength is new or other"),
        (changed(required=["id", "age"]), "/age: newly required"),
        (changed(defs__Colour__enum=["red"]), "/colours/items: no longer 'green'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_break_somebody_is_found(schema: dict[str, Any], problem: str) -> None:
    assert problem in narrowings(SCHEMA, schema)


def test_what_only_adds_is_allowed() -> None:
    more = changed(properties__note={"type": "string"}, defs__Colour__enum=["red", "green", "blue"], required=[])
    assert narrowings(SCHEMA, more) == []
    assert narrowings(SCHEMA, SCHEMA) == []


PERSONAL = {
    "name", "email", "phone", "address", "sender", "subject", "body", "text", "fields", "note", "message", "matter",
    "performer", "recipient", "ticket", "external_ref",
}  # fmt: skip
"""Field names that would carry personal data or a citizen's words."""
KEPT = sorted(name for name, model in ALL_TYPES.items() if model.topic.name in {"routing", "open", "cases", "examples"})


def names_in(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {name for one in schema for name in names_in(one)}
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", ())) | {name for one in schema.values() for name in names_in(one)}


@pytest.mark.parametrize("event_type", KEPT)
def test_what_is_kept_has_no_place_for_personal_data(event_type: str) -> None:
    found = names_in(ALL_TYPES[event_type].model_json_schema())
    assert "contact_id" in found or "agent_id" in found or "case_id" in found
    assert not found & PERSONAL
