"""What goes into a log of an address."""

import pytest
from fastapi import Request

from shared.web import errors


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/webhooks/cti/hemligt", "/webhooks/cti"),
        ("/intake/webhooks/qmatic/hemligt", "/intake/webhooks/qmatic"),
        ("/webhooks/cti/hemligt/", "/webhooks/cti"),
        ("/webhooks/qmatic/hemligt/visits/7", "/webhooks/qmatic"),
        ("/api/v1/visits", "/api/v1/visits"),
        ("/a b", "/a%20b"),
    ],
)
def test_the_token_at_the_end_of_a_webhook_is_in_no_log(path: str, logged: str):
    scope = {"type": "http", "method": "POST", "scheme": "http", "server": ("kc.example", 80), "path": path}
    assert errors._path(Request({**scope, "headers": [], "query_string": b""})) == logged
