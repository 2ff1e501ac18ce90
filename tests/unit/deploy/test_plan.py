"""The stack on paper: its ports, its secrets, what it tells those who use it."""

import base64
import json
import stat

import pytest
import yaml

from deploy.local.plan import Plan
from deploy.local.settings import LocalSettings, Ports
from deploy.prepare import SEED, SERVICES

DOORS = {
    *SERVICES,
    *("smtp", "imap", "kafka", "postgres", "redis", "token", "mailbox", "webhook_secret", "cti_token", "agents"),
}


@pytest.fixture
def plan(tmp_path) -> Plan:
    return Plan.of(tmp_path / "state", Ports())


def test_the_usual_ports(monkeypatch):
    ports = Ports()
    assert [getattr(ports, name) for name in (*SERVICES, "smtp", "imap")] == [8101, 8102, 8103, 8104, 3025, 3143]


def test_each_port_is_moved_by_the_setting_its_part_names(plan, monkeypatch):
    names = [setting for part in [*plan.data_parts(), *plan.services()] for setting in part.ports()]
    for number, name in enumerate(names, 20_000):
        monkeypatch.setenv(name, str(number))
    assert sorted(Ports().model_dump().values()) == list(range(20_000, 20_000 + len(names)))


def test_free_ports_differ():
    assert len(set(Ports.free().model_dump().values())) == len(Ports.model_fields)


def test_info_has_what_the_contract_names(plan):
    info = plan.info()
    assert set(info) == DOORS
    assert info["intake"] == "http://127.0.0.1:8101"
    assert info["smtp"] == "127.0.0.1:3025"
    json.dumps(info)


def test_the_agents_are_the_seeded_people_with_that_role(plan):
    people = {person["id"]: person["roles"] for person in yaml.safe_load((SEED / "people.yaml").read_text())["people"]}
    agents = plan.info()["agents"]
    assert agents
    assert all("agent" in people[agent] for agent in agents)


def test_secrets_are_drawn_once_and_only_their_owner_reads_them(plan):
    assert Plan.of(plan.root, Ports()).keys == plan.keys
    assert stat.S_IMODE((plan.root / "keys.json").stat().st_mode) == 0o600
    assert Plan.of(plan.root.parent / "other", Ports()).keys.secret != plan.keys.secret


def test_the_webhook_secret_has_the_published_form(plan):
    kind, _, value = plan.keys.webhook_secret.partition("_")
    assert kind == "whsec"
    assert len(base64.b64decode(value)) == 24


def test_everything_is_on_loopback(plan):
    for service in plan.services():
        addresses = [
            value for value in service.environment.values() if "://" in value and not value.startswith("file:")
        ]
        assert addresses
        assert all("127.0.0.1:" in address for address in addresses)


def test_services_can_be_left_out(monkeypatch):
    monkeypatch.setenv("KC_LOCAL_SERVICES", "stats, intake")
    assert LocalSettings().chosen() == ("intake", "stats")
    monkeypatch.setenv("KC_LOCAL_SERVICES", "")
    assert LocalSettings().chosen() == ()
    monkeypatch.setenv("KC_LOCAL_SERVICES", "intak")
    with pytest.raises(ValueError, match="names intak; there are intake, router"):
        LocalSettings().chosen()
