"""Telephone numbers as telephony and people write them, made E.164."""

from functools import lru_cache

import phonenumbers

REMEMBERED = 4096
"""Numbers whose reading is kept: telephony says the same two again at every turn of a call."""


@lru_cache(maxsize=REMEMBERED)
def e164(number: str | None, region: str = "SE") -> str | None:
    """Return `number` as E.164 (`08-650 04 00` is `+4686500400`), or None: withheld, internal or no number."""
    if not number:
        return None
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
