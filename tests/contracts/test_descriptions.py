"""What `docs/api` says of the doors is what the doors are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.descriptions import FOLDER, SERVICES, described


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_descriptions_are_true(service):
    for name, text in described(service).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name} has changed: `make docs` writes it"


def operations(service: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield every operation with the schemas that it may name."""
    document = json.loads((FOLDER / f"{service}.openapi.json").read_text(encoding="utf-8"))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation, document["components"]["schemas"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_error_is_a_problem(service):
    for name, operation, schemas in operations(service):
        assert "HTTPValidationError" not in schemas
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"], name


@pytest.mark.parametrize("service", SERVICES)
def test_every_list_says_where_it_goes_on(service):
    for name, operation, schemas in operations(service):
        for answer in operation["responses"].values():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            shape = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
            assert shape.get("type") != "array", name
            assert "items" not in shape.get("properties", {}) or "next" in shape["properties"], name


@pytest.mark.parametrize("service", SERVICES)
def test_what_creates_something_can_be_asked_twice(service):
    for name, operation, schemas in operations(service):
        if "201" in operation["responses"]:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            keys = {parameter["name"] for parameter in operation.get("parameters", ())}
            keys |= set(schemas[reference.rpartition("/")[2]].get("required", ()))
            assert keys & {"Idempotency-Key", "request_id"}, name
