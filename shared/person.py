"""How a person is known on kept topics: by a keyed hash and nothing else.

The key is one per year and destroyed by plan; after that the year is anonymous. Until then it is personal data in law.
"""

import hashlib
import hmac
from datetime import datetime


def person_key(secret: bytes, at: datetime, *, email: str | None = None, phone: str | None = None) -> str | None:
    """Return `<year>:<20 hex>` of the person behind an address or E.164 number, or None when neither is known."""
    identity = f"mail:{email.strip().lower()}" if email else f"tel:{phone.strip()}" if phone else None
    if identity is None:
        return None
    year_key = hmac.new(secret, f"person:{at.year}".encode(), hashlib.sha256).digest()
    return f"{at.year}:{hmac.new(year_key, identity.encode(), hashlib.sha256).hexdigest()[:20]}"
