"""The rules of the house that no linter knows: sizes, topics, imports without effects, guarded routes."""

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import RouteContext

from shared.events import EVENT_TYPES
from shared.topics import TOPICS

ROOT = Path(__file__).parents[1]
SERVICES = ("intake", "router", "casework", "stats")
MAX_FILE, MAX_FUNCTION = 400, 50


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def parsed(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in python_files(*folders):
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def test_no_file_is_long():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files("services", "shared", "deploy", "tests")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE
    }
    assert not long, f"Files above {MAX_FILE} lines: {long}"


def test_no_function_is_long():
    long = [
        f"{path}:{node.lineno} {node.name} ({length})"
        for path, tree in parsed("services", "shared", "deploy", "tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION
    ]
    assert not long, f"Functions above {MAX_FUNCTION} lines: {long}"


def test_every_exception_to_a_rule_states_its_reason():
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files("services", "shared", "deploy", "tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"# noqa(?!: [A-Z0-9, ]+ - \S)|# type: ignore(?!\[[\w, -]+\] +# \S)", line)
        and path != Path(__file__)
    ]
    assert not silent, f"No reason on the line: {silent}"


def test_nothing_happens_at_import():
    effects = {
        "Settings",
        "ServiceSettings",
        "create_app",
        "build_app",
        "make_engine",
        "Publisher",
        "Inflow",
        "KafkaBroker",
    }
    found = [
        f"{path}:{call.lineno}"
        for path, tree in parsed("services", "shared")
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in effects
    ]
    assert not found, f"Built at import: {found}"


def text_of(service: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in python_files(f"services/{service}"))


def reads(service: str, name: str) -> bool:
    """Whether a service consumes the topic, or holds it as a whole table."""
    constant = name.upper()
    text = text_of(service)
    table = r"\bCatalogue\(" if name == "catalogue" else f"Table\\([^)]*\\b{constant}\\b"
    return bool(re.search(rf"\.on\(\s*(topics\.)?{constant}\b", text) or re.search(table, text.replace("\n", " ")))


def writes(service: str, name: str) -> bool:
    """Whether a service makes events of the topic; records of tables may also be built for oneself."""
    made = "|".join(model.__name__ for model in EVENT_TYPES.values() if model.topic.name == name)
    return bool(made) and bool(re.search(rf"(?<!case )\b({made})\(", text_of(service)))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_that_is_written_is_read(topic):
    readers = {service for service in SERVICES if reads(service, topic.name)}
    writers = {service for service in SERVICES if writes(service, topic.name)}
    assert readers or not writers, f"Nobody reads {topic.name}, written by {writers}"
    assert writers <= topic.written_by, f"{topic.name} is written by {writers - topic.written_by} without being listed"
    assert readers <= topic.read_by, f"{topic.name} is read by {readers - topic.read_by} without being listed"


def test_no_service_names_another_ones_tables():
    strangers = [
        f"{service} names the schema of {other}"
        for service in SERVICES
        for other in SERVICES
        if other != service and re.search(rf'schema="{other}"|\b(FROM|INTO|UPDATE|JOIN) {other}\.', text_of(service))
    ]
    assert not strangers


def routes(service: str) -> list[RouteContext]:
    from shared.web.access import api_routes  # noqa: PLC0415 - only this test needs the web

    main = importlib.import_module(f"services.{service}.main")
    settings = importlib.import_module(f"services.{service}.settings").Settings()
    return api_routes(main.create_app(settings))


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_guarded_or_listed_as_open(service):
    from shared.web.access import guard_of  # noqa: PLC0415 - only this test needs the web

    found = routes(service)
    assert found, "No routes at all: this test would see nothing"
    unguarded = [f"{sorted(route.methods or ())} {route.path}" for route in found if guard_of(route) is None]
    assert not unguarded, f"{service}: neither requires(…) nor open_to_all(…): {unguarded}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_operators_doors(service):
    from shared.web.access import Action, guard_of  # noqa: PLC0415 - only this test needs the web

    found = {route.path: guard_of(route) for route in routes(service) if str(route.path).startswith("/ops/")}
    doors = {"/ops/dead", "/ops/dead/{topic}/{letter_id}/retry", "/ops/dead/{topic}/{letter_id}/discard", "/ops/resume"}
    assert set(found) == doors
    assert set(found.values()) == {Action.OPERATE}


def test_what_installs_and_builds_names_no_host():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    builds = re.compile(
        r"(requirements.*|pyproject\.toml|Makefile|Dockerfile|docker-compose\.yml|deploy/.*\.(py|txt|toml))$"
    )
    named = [
        f"{path}: {host}"
        for path in tracked
        if builds.search(path) and (ROOT / path).is_file()
        for host in re.findall(r"https?://([^\s\"'/:}{]+)", (ROOT / path).read_text(encoding="utf-8"))
        if "." in host and host != "127.0.0.1" and not host.endswith((".example", ".localhost"))
    ]
    assert not named, f"Name packages, never hosts: {named}"
