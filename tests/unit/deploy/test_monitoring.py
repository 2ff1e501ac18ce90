"""What the alerts and the runbook speak of exists: metrics, paragraphs, commands, settings."""

import re
import sys
from importlib import import_module

import pytest
import yaml
from prometheus_client import REGISTRY

from deploy.local.paths import PROJECT
from deploy.prepare import SERVICES
from shared import metrics

MONITORING = PROJECT / "deploy/monitoring"
RUNBOOK = (PROJECT / "deploy/RUNBOOK.md").read_text(encoding="utf-8")
ALERTS = [
    rule
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]


def known() -> set[str]:
    assert metrics.__name__ in sys.modules, "all are made at its import"
    return {name for metric in REGISTRY.collect() for name in (metric.name, f"{metric.name}_total")}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_exist_and_names_its_paragraph(rule):
    asked = set(re.findall(r"kc_\w+", rule["expr"]))
    assert asked or "up{" in rule["expr"]
    assert asked <= known()
    file, _, paragraph = rule["annotations"]["runbook"].partition(", ")
    assert file == "deploy/RUNBOOK.md"
    assert f"## {paragraph}\n" in RUNBOOK


def test_the_runbook_speaks_of_metrics_and_settings_that_exist():
    assert set(re.findall(r"kc_\w+", RUNBOOK)) <= known()
    read = {
        f"KC_{name.upper()}"
        for service in SERVICES
        for name in import_module(f"services.{service}.settings").Settings.model_fields
    }
    assert set(re.findall(r"KC_\w+", RUNBOOK)) <= read


def test_every_service_is_scraped():
    scraped = yaml.safe_load((MONITORING / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"][0]
    assert [job["labels"]["service"] for job in scraped["static_configs"]] == list(SERVICES)
