"""What a door refuses is counted by our words, and logged seldom and without the caller's."""

from types import SimpleNamespace

import pytest
import structlog
from fastapi import Request
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from shared.errors import ForbiddenError
from shared.web import refusals
from shared.web.callers import ELKS_NETWORKS, check_telephony
from shared.web.refusals import refused


def counted(door: str, reason: str) -> float:
    return REGISTRY.get_sample_value("kc_refused_total", {"door": door, "reason": reason}) or 0.0


def ring(address: str, query: bytes) -> Request:
    settings = SimpleNamespace(
        environment="production",
        elks_token=SecretStr("hemligt"),
        elks_old_token=SecretStr(""),
        elks_networks=ELKS_NETWORKS,
        trusted_proxies=(),
    )
    app = SimpleNamespace(state=SimpleNamespace(settings=settings))
    return Request({"type": "http", "headers": [], "query_string": query, "client": (address, 1), "app": app})


async def test_a_wrong_token_and_a_wrong_address_are_told_apart():
    before = counted("46elks", "token"), counted("46elks", "address")
    for query in (b"token=fel", b""):
        with pytest.raises(ForbiddenError):
            await check_telephony(ring("192.0.2.7", query))
    await check_telephony(ring("192.0.2.7", b"token=hemligt"))
    await check_telephony(ring("176.10.154.199", b""))
    assert (counted("46elks", "token"), counted("46elks", "address")) == (before[0] + 1, before[1] + 1)


def test_a_flood_is_counted_in_full_and_logged_once(monkeypatch):
    monkeypatch.setattr(refusals, "_logged", {})
    monkeypatch.setattr(refusals, "_log", structlog.get_logger())  # one that no other test has bound to its settings
    before = counted("forms", "flood")
    with capture_logs() as lines:
        for _ in range(100):
            refused("forms", "flood")
    assert counted("forms", "flood") - before == 100
    assert lines == [{"event": "door_refused", "door": "forms", "reason": "flood", "log_level": "warning"}]
