"""Whether Twilio sent it: its signature over our address and what was posted, as its documentation has it.

Ours, and not the `twilio` library: 25 MB and four HTTP packages for one HMAC, untyped, deaf to blank values and to a
second token. It is the oracle of the tests.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from urllib.parse import parse_qsl

from shared.errors import DomainError

Pairs = tuple[tuple[str, str], ...]
"""What was posted, in its order; bytes that are no UTF-8 are surrogates, so that they are signed as they came."""

FORM = "application/x-www-form-urlencoded"
MAX_PAIRS = 500
"""Twilio posts some forty."""

_PORT = re.compile(r":\d*$")
_PORTS = {"https": "443", "http": "80"}
_SHA1, _SHA256 = "HMAC_SHA1", "HMAC_SHA256"


class TwilioSignatureError(DomainError):
    """The signature is missing, or is not that of a key of ours over this address and content; `why` is for us."""

    type = "bad-signature"
    status = 403
    title = "Signaturen stämmer inte."

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was signed; `url` is ours as Twilio called it, its query as it came."""

    url: str
    method: str
    content_type: str
    body: bytes

    @property
    def query(self) -> str:
        """Return what stands after the question mark."""
        return self.url.partition("#")[0].partition("?")[2]

    @property
    def is_form(self) -> bool:
        """Say whether the body is a form: its parameters are signed, name by name."""
        return self.method != "GET" and self.content_type.partition(";")[0].strip().lower() == FORM

    def posted(self) -> Pairs:
        """Return the parameters of the body; those of the query are signed with the address."""
        return pairs_of(self.body) if self.is_form else ()

    def sealed(self) -> bool:
        """Say whether the body is covered by the signature: as a form, by its hash in the query, or as none."""
        if self.is_form or self.method == "GET" or not self.body:
            return True
        named = dict(reversed(pairs_of(self.query.encode()))).get("bodySHA256", "")
        return _same(hashlib.sha256(self.body).hexdigest(), named)


def pairs_of(form: bytes) -> Pairs:
    """Return the parameters of a form, blank ones too, whitespace as it is."""
    text = form.decode("utf-8", "surrogateescape")
    try:
        found = parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MAX_PAIRS)
    except ValueError as error:
        raise TwilioSignatureError("body") from error
    return tuple(found)


def signed_text(url: str, pairs: Pairs) -> bytes:
    """Return what is signed: the address, then each name in order with its values, each value once and in order."""
    named = groupby(sorted(set(pairs)), key=itemgetter(0))
    told = (name + value for name, group in named for _, value in group)
    return (url + "".join(told)).encode("utf-8", "surrogateescape")


def spellings(url: str) -> tuple[str, str]:
    """Return `url` without and with its port: Twilio does not say which one it has signed."""
    scheme, separator, rest = url.partition("://")
    end = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    host, path = rest[:end], rest[end:]
    bare = _PORT.sub("", host)
    full = host if bare != host else f"{host}:{_PORTS.get(scheme.lower(), '80')}"
    return f"{scheme}{separator}{bare}{path}", f"{scheme}{separator}{full}{path}"


@dataclass(frozen=True, slots=True)
class Signatures:
    """The keys in force: auth tokens sign by SHA-1, a shared key by SHA-256, whatever a header would rather have."""

    tokens: tuple[str, ...] = ()
    """The account's token, and the one before it while it is changed; none are no way in."""
    shared_keys: Mapping[str, str] = field(default_factory=dict)
    """Secrets by the id that Twilio names them by."""

    def check(self, asked: Asked, signature: str, settings: str = "") -> Pairs:
        """Return what was posted, when a key of ours has signed all of it; TwilioSignatureError otherwise.

        `settings` is the header that names a shared key. Every key and spelling is tried, in constant time.
        """
        if not signature:
            raise TwilioSignatureError("missing")
        keys, algorithm = self._keys(settings)
        posted = asked.posted()
        texts = [signed_text(url, posted) for url in spellings(asked.url)]
        found = [_same(_signed(key, text, algorithm), signature) for key in keys for text in texts]
        if not any(found):
            raise TwilioSignatureError("signature" if keys else "key")
        if not asked.sealed():
            raise TwilioSignatureError("body")
        return posted

    def _keys(self, settings: str) -> tuple[Sequence[str], str]:
        words = (part.partition("=") for part in settings.split(","))
        named = {name.strip().lower(): value.strip() for name, _, value in words}
        algorithm = named.get("algorithm", "").upper()
        if key := named.get("key"):
            secret = self.shared_keys.get(key, "")
            return ((secret,) if secret and algorithm == _SHA256 else ()), "sha256"
        return (tuple(filter(None, self.tokens)) if algorithm in {"", _SHA1} else ()), "sha1"


def _signed(key: str, text: bytes, algorithm: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text, algorithm).digest()).decode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogateescape"))
