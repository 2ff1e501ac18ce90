"""The signature of form webhooks (Standard Webhooks): who signed what, when, under which of the keys in force.

`webhook-signature` holds `v1,` and the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, several with
blanks between. Its headers are looked at before the body is read, so that a stranger costs us no body.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import DomainError

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOLERANCE = timedelta(minutes=5)
MOST_SIGNATURES = 10
LEAST_KEY = 16
_PREFIX = "whsec_"
_ID = re.compile(r"[\x21-\x7e]{1,256}")
_MOMENT = re.compile(r"[0-9]{1,12}")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


class SignatureError(DomainError):
    """The signature is missing, wrong, or older or newer than five minutes; `reason` is for the metric."""

    type = "bad-signature"
    status = 401
    title = "Signaturen stämmer inte, eller är för gammal."

    def __init__(self, reason: str = "signature") -> None:
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Proof:
    """What the headers claim."""

    webhook_id: str
    moment: str
    signatures: tuple[bytes, ...]


class Verifier:
    """Checks signatures against the keys in force by their names; several while senders change, or one for each."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._keys = {name: key_of(name, secret) for name, secret in secrets.items() if secret}

    def claim(self, headers: Mapping[str, str], now: datetime) -> Proof:
        """Return what the headers claim; SignatureError when no body could make it true."""
        webhook_id, moment, said = (headers.get(name, "") for name in HEADERS)
        if not (webhook_id and moment and said):
            raise SignatureError("no_signature")
        if not _ID.fullmatch(webhook_id) or not _MOMENT.fullmatch(moment):
            raise SignatureError("malformed")
        if abs(now.timestamp() - int(moment)) > TOLERANCE.total_seconds():
            raise SignatureError("timestamp")
        signatures = tuple(filter(None, map(_signature, said.split()[:MOST_SIGNATURES])))
        if not signatures:
            raise SignatureError("malformed")
        return Proof(webhook_id, moment, signatures)

    def check(self, body: bytes, proof: Proof) -> str:
        """Return the name of the key that has signed `body`; SignatureError when none has."""
        start = f"{proof.webhook_id}.{proof.moment}.".encode()
        for name, key in self._keys.items():
            right = hmac.new(key, start, hashlib.sha256)
            right.update(body)
            if any(hmac.compare_digest(right.digest(), one) for one in proof.signatures):
                return name
        raise SignatureError


def key_of(name: str, secret: str) -> bytes:
    """Return the bytes of a `whsec_…`; ValueError, without the secret, where it is none or its name is unusable."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name of a webhook secret is small letters, digits, dots and dashes: {name!r}")
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < LEAST_KEY:
        raise ValueError(f"the webhook secret {name} is not {_PREFIX} and the base64 of {LEAST_KEY} bytes or more")
    return key


def _signature(said: str) -> bytes | None:
    version, _, value = said.partition(",")
    if version != "v1":
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
