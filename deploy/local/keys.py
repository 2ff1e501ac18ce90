"""The secrets of one state folder: drawn once, kept in a file only its owner may read."""

import json
import secrets
from base64 import b64encode
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Keys:
    """What the services and those who call them share."""

    secret: str
    token: str
    webhook_secret: str
    cti_token: str
    elks_token: str
    imap_password: str


def keys_of(root: Path) -> Keys:
    """Return the folder's keys, drawing them at its first start."""
    file = root / "keys.json"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(_draw())))
    return Keys(**json.loads(file.read_text()))


def _draw() -> Keys:
    return Keys(
        secret=secrets.token_urlsafe(32),
        token=secrets.token_urlsafe(24),
        webhook_secret=f"whsec_{b64encode(secrets.token_bytes(24)).decode()}",
        cti_token=secrets.token_urlsafe(18),
        elks_token=secrets.token_urlsafe(18),
        imap_password=secrets.token_urlsafe(12),
    )
