"""The token that proves which case a reply belongs to, carried in our Message-ID.

`<{case id}.{nonce}.{token}@{domain}>` with token = HMAC-SHA256(case id, recipient address), 20 hex digits: only the
one we wrote to can use it; anybody else's reply becomes a new contact with a link.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

_OURS = re.compile(r"<?(?P<case>[0-9a-f-]{36})\.(?P<nonce>[0-9A-Za-z]+)\.(?P<token>[0-9a-f]{20})@[^>\s]+>?")


@dataclass(frozen=True, slots=True)
class ThreadToken:
    """A Message-ID of ours found in a reply; `proven` when the sender is the one we wrote to."""

    case_id: str
    proven: bool


def token(key: bytes, case_id: str, recipient: str) -> str:
    """Return the token of a case and a recipient's address (case of letters does not matter)."""
    text = f"{case_id}:{recipient.strip().lower()}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:20]


def message_id(key: bytes, case_id: str, recipient: str, nonce: str, domain: str) -> str:
    """Return the Message-ID, in angle brackets, of a mail about a case; the same arguments give the same id."""
    return f"<{case_id}.{nonce}.{token(key, case_id, recipient)}@{domain}>"


def find(key: bytes, references: list[str], sender: str) -> ThreadToken | None:
    """Return the case that a reply names, the last reference first, or None when none is ours."""
    for reference in reversed(references):
        match = _OURS.fullmatch(reference.strip())
        if match:
            expected = token(key, match["case"], sender)
            return ThreadToken(match["case"], hmac.compare_digest(expected, match["token"]))
    return None
