"""Links that stand for a right by themselves: a token that only we can have made, good for one case."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from uuid import UUID

_MAC = 16
"""Bytes of the seal: nobody guesses 128 bits."""


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
        """Return the token of a case: its id and the seal, in letters that stand in an address."""
        plain = UUID(case_id).bytes
        return base64.urlsafe_b64encode(plain + self._seal(plain)).rstrip(b"=").decode()

    def case_of(self, token: str) -> str | None:
        """Return the case that a token of ours is for, None for any other."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        plain, seal = raw[:_MAC], raw[_MAC:]
        if len(plain) != _MAC or not hmac.compare_digest(seal, self._seal(plain)):
            return None
        return str(UUID(bytes=plain))

    def _seal(self, plain: bytes) -> bytes:
        return hmac.digest(self.key, plain, "sha256")[:_MAC]
