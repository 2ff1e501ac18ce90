"""Links that stand for a right by themselves: a token that only we can have made, good for one thing.

A token is an id and the seal over it, in letters that stand in an address; 128 bits that nobody guesses. What may be
seen or done with it is decided anew each time: a link outlives neither the case's unit nor its time.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from uuid import UUID

_MAC = 16
"""Bytes of the seal."""
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads the links of citizens to the state of their case."""

    outside: str
    """Where casework answers, as seen from outside."""
    key: bytes
    """The key of these links (`settings.key_for("status")`)."""

    def status(self, case_id: str) -> str:
        """Return the address where the citizen sees how it goes with a case."""
        return f"{self.outside}/lage/{self.token(case_id)}"

    def token(self, case_id: str) -> str:
        """Return the token of a case."""
        return sealed(self.key, case_id)

    def case_of(self, token: str) -> str | None:
        """Return the case that a token of ours is for, None for any other."""
        return opened(self.key, token)


@dataclass(frozen=True, slots=True)
class UnitLinks:
    """Makes and reads the links by which a unit without a login acts on one hand-over, as long as it is that unit's."""

    outside: str
    key: bytes
    """The key of these links (`settings.key_for("unit-link")`)."""

    def address(self, handover_id: str, unit: str) -> str:
        """Return the address where `unit` acts on a hand-over."""
        return f"{self.outside}/h/{self.token(handover_id, unit)}"

    def token(self, handover_id: str, unit: str) -> str:
        """Return the token of a hand-over in the hands of a unit."""
        return sealed(self.key, handover_id, unit)

    def handover_of(self, token: str) -> str | None:
        """Return the hand-over that a token is said to be for; whether it is ours only `holds` can say."""
        raw = _raw(token)
        return str(UUID(bytes=raw[:16])) if raw is not None else None

    def holds(self, token: str, unit: str) -> bool:
        """Say whether a token was made for `unit`."""
        return opened(self.key, token, unit) is not None


def sealed(key: bytes, uuid: str, more: str = "") -> str:
    """Return the token of an id; `more` is what it is good for besides, and not in it."""
    plain = UUID(uuid).bytes
    return base64.urlsafe_b64encode(plain + _seal(key, plain, more)).rstrip(b"=").decode()


def opened(key: bytes, token: str, more: str = "") -> str | None:
    """Return the id of a token that was sealed with this key and `more`; None for any other."""
    raw = _raw(token)
    if raw is None or not hmac.compare_digest(raw[16:], _seal(key, raw[:16], more)):
        return None
    return str(UUID(bytes=raw[:16]))


def _raw(token: str) -> bytes | None:
    if len(token) > _LONGEST:
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == 16 + _MAC else None


def _seal(key: bytes, plain: bytes, more: str) -> bytes:
    return hmac.digest(key, plain + more.encode(), "sha256")[:_MAC]
