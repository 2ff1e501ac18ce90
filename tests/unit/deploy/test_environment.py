"""What the local stack and the compose file set is what the services read: no setting is misspelt or forgotten."""

from importlib import import_module
from typing import Any

import pytest
import yaml

from deploy.local.paths import PROJECT
from deploy.local.plan import Plan
from deploy.local.settings import Ports
from deploy.prepare import SERVICES
from shared.web.oidc import OidcSettings

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
AHEAD = {"KC_CTI_TOKEN"}
"""Handed out by `stack.json` before the door that asks for it stands."""
LOGIN = {f"KC_OIDC_{name.upper()}" for name in OidcSettings.model_fields}
"""Casework logs people in; the others only read the session."""


def settings_of(service: str) -> Any:
    return import_module(f"services.{service}.settings").Settings


def names_read_by(service: str) -> set[str]:
    return {f"KC_{name.upper()}" for name in settings_of(service).model_fields}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_the_local_stack_sets(service, tmp_path, monkeypatch):
    plan = Plan.of(tmp_path, Ports())
    environment = next(part.environment for part in plan.services() if part.name == service)
    given = {name for name in environment if name.startswith("KC_")}
    assert given - AHEAD <= names_read_by(service)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    read = settings_of(service)()
    assert read.port == getattr(plan.ports, service)
    assert read.machine_token.get_secret_value() == plan.keys.token


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_the_compose_file_sets(service):
    assert set(COMPOSE["services"][service]["environment"]) - AHEAD <= names_read_by(service) | LOGIN


@pytest.mark.parametrize(("service", "path"), [("intake", "/intake"), ("casework", "")])
def test_what_is_sent_out_links_to_the_one_origin_and_never_into_the_network_of_containers(service, path, monkeypatch):
    for name, value in COMPOSE["services"][service]["environment"].items():
        monkeypatch.setenv(name, str(value))
    assert settings_of(service)().outside == f"http://kontaktcenter.localhost:${{KC_PROXY_PORT:-8000}}{path}"


def test_every_container_has_a_limit_and_says_whether_it_is_well():
    for name, container in COMPOSE["services"].items():
        assert container["mem_limit"], name
        assert "healthcheck" in container or name == "oidc", name


@pytest.mark.parametrize("service", SERVICES)
def test_the_longest_stop_ends_within_the_grace_period(service, tmp_path):
    settings = settings_of(service)()
    longest = settings.answer_seconds + settings.leave_seconds
    local = next(part for part in Plan.of(tmp_path, Ports()).services() if part.name == service)
    assert longest < local.grace
    assert longest < int(COMPOSE["services"][service]["stop_grace_period"].rstrip("s"))


def test_only_the_proxy_and_the_sandbox_mail_server_are_reached_from_outside_and_from_loopback_alone():
    ports = {name: container["ports"] for name, container in COMPOSE["services"].items() if "ports" in container}
    assert set(ports) == {"proxy", "mail"}
    assert all(port.startswith("127.0.0.1:") for listed in ports.values() for port in listed)
