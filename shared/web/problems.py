"""How problems stand in a service's OpenAPI: every error of every door is an RFC 9457 problem."""

from typing import Any

from fastapi import FastAPI

MEDIA_TYPE = "application/problem+json"

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457; `title` is Swedish, or English by Accept-Language, and `type` is stable.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "request_id": {"type": "string"},
    },
}
_ANSWER = {
    "description": "A problem.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")


def describe_problems(app: FastAPI) -> None:
    """Have the app's OpenAPI say what its doors answer to an error, instead of the framework's own shape."""
    plain = app.openapi
    app.openapi = lambda: _with_problems(plain())  # type: ignore[method-assign] # FastAPI's documented way


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FRAMEWORKS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _ANSWER
    return document
