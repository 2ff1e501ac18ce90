"""YAML with its lines: the values of a document and, for every place in it, where it stands."""

from dataclasses import dataclass, field
from typing import Any

import yaml

from services.casework.usecases.files import LineError, RejectedFileError

Path = tuple[str | int, ...]

MOST_PLACES = 500_000
"""Values in a file: aliases that multiply do not get further."""
DEEPEST = 50


@dataclass(slots=True)
class Document:
    """A read document: plain values, the line of every path, and the keys that stood twice."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    errors: list[LineError] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest place around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def wrong(self, path: Path, text: str) -> None:
        """Note an error at a path."""
        self.errors.append(LineError(self.line(path), text))


def read_document(data: bytes) -> Document:
    """Return a YAML document with its lines; RejectedFileError when it is not YAML."""
    document = Document()
    try:
        _read(data, document)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RejectedFileError([LineError(line, f"Filen är inte giltig YAML: {error.problem}")]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RejectedFileError([LineError(1, f"Filen är inte giltig YAML: {type(error).__name__}")]) from error
    return document


def _read(data: bytes, document: Document) -> None:
    loader = yaml.SafeLoader(data)
    try:
        root = loader.get_single_node()
        document.value = None if root is None else _value(loader, root, (), document)
    finally:
        loader.dispose()


def _value(loader: yaml.SafeLoader, node: yaml.Node, path: Path, document: Document) -> Any:
    if len(document.lines) > MOST_PLACES or len(path) > DEEPEST:
        raise ValueError("too large")
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, index), document) for index, item in enumerate(node.value)]
    try:
        return loader.construct_object(node)
    except ValueError:  # a day that no calendar has
        document.wrong(path, f"Värdet går inte att läsa: {node.value}")
        return None


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in found:
            document.errors.append(LineError(key_node.start_mark.line + 1, f"{key} står två gånger."))
        found[key] = _value(loader, value_node, (*path, key), document)
    return found
