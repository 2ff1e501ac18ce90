"""The signature of form webhooks, beside the published library."""

import base64
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from standardwebhooks.webhooks import Webhook

from services.intake.channels.signature import SignatureError, Verifier

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def headers(key: str, body: str, webhook_id: str = "msg_1", at: datetime = NOW) -> dict[str, str]:
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign(webhook_id, at, body),
    }


@given(some.text(), some.text("abcxyz_.0123456789-", min_size=1, max_size=64))
def test_what_the_library_signs_is_right_and_named(body, webhook_id):
    keys = {"a": secret(), "b": secret()}
    verifier = Verifier(keys)
    for name, key in keys.items():
        data = body.encode()
        assert verifier.check(data, verifier.claim(headers(key, body, webhook_id), NOW)) == name


@pytest.mark.parametrize("change", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_is_told_from_one_that_is_malformed(change):
    verifier, key = Verifier({"a": secret()}), secret()
    good = headers(key, "x")
    for value, reason in (("", "no_signature"), ("å" * 300, "malformed")):
        with pytest.raises(SignatureError) as caught:
            verifier.claim(good | {change: value}, NOW)
        assert caught.value.reason == reason


@pytest.mark.parametrize(("minutes", "fits"), [(-6, False), (-5, True), (5, True), (6, False)])
def test_five_minutes_either_way(minutes, fits):
    key = secret()
    verifier, good = Verifier({"a": key}), headers(key, "x", at=NOW + timedelta(minutes=minutes))
    if fits:
        assert verifier.check(b"x", verifier.claim(good, NOW)) == "a"
    else:
        with pytest.raises(SignatureError):
            verifier.claim(good, NOW)


def test_a_secret_that_is_none_stops_the_start_and_is_not_shown():
    for name, value in {"a": "whsec_%%%", "b": "whsec_YQ==", "C d": secret()}.items():
        with pytest.raises(ValueError, match="webhook secret") as caught:
            Verifier({name: value})
        assert value not in str(caught.value)
    with pytest.raises(SignatureError):
        Verifier({"empty": ""}).check(b"", Verifier({}).claim(headers(secret(), ""), NOW))
