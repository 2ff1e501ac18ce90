"""The token that proves which case a reply belongs to, carried in our Message-ID and, if it can be, our reply address.

`<{case id}.{nonce}.{token}@{domain}>` and `{mailbox}+{case id and token in base 32}@{domain}`, with token =
HMAC-SHA256(case id, recipient address), 80 bits: only the one we wrote to can use it; anybody else's reply becomes a
new contact with a link. A case number in a subject (`[KC-2026-000123]`) proves nothing.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

_OURS = re.compile(r"<?(?P<case>[0-9a-f-]{36})\.(?P<nonce>[0-9A-Za-z]+)\.(?P<token>[0-9a-f]{20})@[^>\s]+>?")
_MARKED = re.compile(r"(?P<mailbox>[^@\s+]+)\+(?P<mark>[a-z2-7]{42})(?P<domain>@[^@\s]+)", re.IGNORECASE)
_TAG = re.compile(r"(?<![\w-])KC-\d{4}-\d{6,9}(?![\w-])", re.IGNORECASE)
_CASE_DIGITS = 26
"""Of a mark in base 32: the case's id; the token's 16 follow."""
LONGEST_LOCAL_PART = 64
"""RFC 5321 4.5.3.1.1."""


@dataclass(frozen=True, slots=True)
class ThreadToken:
    """A case that a mail of ours named in a reply; `proven` when the sender is the one we wrote to."""

    case_id: str
    proven: bool


def token(key: bytes, case_id: str, recipient: str) -> str:
    """Return the token of a case and a recipient's address (case of letters does not matter)."""
    text = f"{case_id}:{recipient.strip().lower()}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:20]


def message_id(key: bytes, case_id: str, recipient: str, nonce: str, domain: str) -> str:
    """Return the Message-ID, in angle brackets, of a mail about a case; the same arguments give the same id."""
    return f"<{case_id}.{nonce}.{token(key, case_id, recipient)}@{domain}>"


def reply_address(key: bytes, address: str, case_id: str, recipient: str) -> str:
    """Return `address` with the token behind a plus; as it is when there is no room for it."""
    mailbox, _, domain = address.rpartition("@")
    raw = UUID(case_id).bytes, bytes.fromhex(token(key, case_id, recipient))
    mark = "".join(base64.b32encode(part).decode().rstrip("=").lower() for part in raw)
    marked = f"{mailbox}+{mark}"
    return f"{marked}@{domain}" if len(marked) <= LONGEST_LOCAL_PART else address


def plain_address(address: str) -> str:
    """Return one of our addresses without the token behind its plus; any other as it is."""
    match = _MARKED.fullmatch(address)
    return match["mailbox"] + match["domain"] if match else address


def is_ours(reference: str) -> bool:
    """Say whether a Message-ID is made like one of ours."""
    return _OURS.fullmatch(reference.strip()) is not None


def find(key: bytes, references: Sequence[str], sender: str, addresses: Iterable[str] = ()) -> ThreadToken | None:
    """Return the case that a reply names: by an address it was sent to, then by the last reference first.

    What names a case nearest decides which; any token of that same case that was made for the sender proves it. None
    when nothing is ours.
    """
    named = [*_marks(addresses), *_ids(reversed(references))]
    if not named:
        return None
    case_id = named[0][0]
    expected = token(key, case_id, sender)
    return ThreadToken(case_id, any(hmac.compare_digest(expected, said) for _, said in named))


def tag(subject: str) -> str | None:
    """Return the first case number that stands in a subject, in the form that we write it; it proves nothing."""
    match = _TAG.search(subject)
    return match[0].upper() if match else None


def tagged(subject: str, number: str) -> str:
    """Return a subject with the case's number in brackets at its end, once."""
    return f"{untagged(subject)} [{number}]".strip()


def untagged(subject: str) -> str:
    """Return a subject without case numbers in brackets."""
    return re.sub(rf"\s*\[{_TAG.pattern}\]", "", subject, flags=re.IGNORECASE).strip()


def _marks(addresses: Iterable[str]) -> Iterator[tuple[str, str]]:
    for address in addresses:
        if match := _MARKED.fullmatch(address.strip()):
            mark = match["mark"].upper()
            case_id, said = base64.b32decode(f"{mark[:_CASE_DIGITS]}======"), base64.b32decode(mark[_CASE_DIGITS:])
            yield str(UUID(bytes=case_id)), said.hex()


def _ids(references: Iterable[str]) -> Iterator[tuple[str, str]]:
    for reference in references:
        if match := _OURS.fullmatch(reference.strip()):
            yield match["case"], match["token"]
