"""Identifiers: random ones sort by time, natural ones are the same on every retry."""

import hashlib
import re
import unicodedata
from uuid import UUID, uuid5

import uuid_utils

_CONTACTS = UUID("6f3c1f0e-5d55-5b8a-9a57-2d5a6a4b7c01")
_EVENTS = UUID("0b0b7f7e-0a8e-5a66-8f0d-7b9a1c0f4d02")
_CASE_TYPES = UUID("b1c64c8c-97a5-5c93-8b51-3a1b2c0d9e03")


def new_id() -> str:
    """Return a UUIDv7 as text: unique, and sorted by the time it was made."""
    return str(uuid_utils.uuid7())


def mail_contact_id(message_id: str, body: bytes) -> str:
    """Return the contact id of a mail.

    The same mail read twice, or from two mailboxes, is one contact; a reused Message-ID with another body is not.
    """
    return str(uuid5(_CONTACTS, f"mail:{message_id}:{hashlib.sha256(body).hexdigest()}"))


def natural_contact_id(kind: str, *parts: str) -> str:
    """Return the contact id of whatever a door calls unique: a call id, a form and its submission id."""
    return str(uuid5(_CONTACTS, "\x1f".join((kind, *parts))))


def natural_event_id(event_type: str, *parts: str) -> str:
    """Return the event id derived from a natural key, so that a retry is the same event."""
    return str(uuid5(_EVENTS, "\x1f".join((event_type, *parts))))


def case_type_id(path: str) -> str:
    """Return the id of the case type first imported under `path` (`unit | … | question`)."""
    return f"ct-{uuid5(_CASE_TYPES, path).hex[:12]}"


def slug(name: str) -> str:
    """Return `name` as an id of small letters, digits and hyphens: `Bygg och plan` is `bygg-och-plan`."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
