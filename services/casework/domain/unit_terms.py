"""The terms of a unit: its calendar, when it is delivered to, how it is reached; what is wrong is named by field."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from services.casework.domain.unit_calendar import NO_CLOCK, NO_FIELD, NO_LIST, BadCalendarError, calendar_of, clock
from shared.calendar import WorkingCalendar
from shared.errors import DomainError, FieldError

LONGEST_TEXT = 200
LONGEST_ADDRESS = 2000
MOST_TIMES = 12
MOST_REPEAT_DAYS = 365

NO_MAPPING = "Skriv fält med namn."
NO_CHOICE = "Skriv ja eller nej (true eller false)."
NO_MAIL = "Skriv en mejladress, till exempel namn@kommun.example."
NO_WEB = "Skriv en adress som börjar med https://."
NO_DAYS = "Skriv ett antal dagar från 0 till 365."
NO_TEXT = "Skriv en text på högst 200 tecken."
TOO_MANY_TIMES = "Skriv högst tolv tider."
NEVER_DELIVERED = "Då har verksamheten stängt. Välj en tid när den har öppet."

_MAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,190}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

FIELDS = (
    *("calendar", "delivery_times", "has_login", "webhook_url", "escalation_address"),
    *("sender_name", "sender_address", "repeat_days"),
)


class BadTermsError(DomainError):
    """A unit's terms cannot hold; `errors` name the fields."""

    type = "bad-terms"
    status = 422
    title = "Verksamhetens villkor stämmer inte."


def terms_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return terms as they are kept, what is left out as usual; BadTermsError with everything that is wrong."""
    stated = {name: value for name, value in given.items() if value is not None}
    errors = list(_wrong(stated))
    if errors:
        raise BadTermsError(errors=errors)
    texts = ("webhook_url", "escalation_address", "sender_name", "sender_address")
    return {
        "calendar": dict(stated.get("calendar", {})),
        "delivery_times": sorted(set(stated.get("delivery_times", []))),
        "has_login": stated.get("has_login", True),
        **{name: stated.get(name, "").strip() for name in texts},
        "repeat_days": stated.get("repeat_days", 7),
    }


def _wrong(given: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in given.keys() - set(FIELDS):
        yield FieldError(f"/{name}", NO_FIELD)
    calendar = WorkingCalendar()
    if not isinstance(given.get("calendar", {}), Mapping):
        yield FieldError("/calendar", NO_MAPPING)
    else:
        try:
            calendar = calendar_of(given.get("calendar", {}))
        except BadCalendarError as error:
            yield from error.errors
    yield from _wrong_times(given.get("delivery_times", []), calendar)
    if not isinstance(given.get("has_login", True), bool):
        yield FieldError("/has_login", NO_CHOICE)
    days = given.get("repeat_days", 7)
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= MOST_REPEAT_DAYS:
        yield FieldError("/repeat_days", NO_DAYS)
    name = given.get("sender_name", "")
    if not isinstance(name, str) or len(name) > LONGEST_TEXT or _CONTROL.search(name):
        yield FieldError("/sender_name", NO_TEXT)
    for field in ("escalation_address", "sender_address"):
        if (address := given.get(field, "")) and not (isinstance(address, str) and _MAIL.fullmatch(address.strip())):
            yield FieldError(f"/{field}", NO_MAIL)
    if (address := given.get("webhook_url", "")) and not _is_safe_web(address):
        yield FieldError("/webhook_url", NO_WEB)


def _wrong_times(given: object, calendar: WorkingCalendar) -> Iterator[FieldError]:
    if not isinstance(given, list | tuple):
        yield FieldError("/delivery_times", NO_LIST)
        return
    if len(given) > MOST_TIMES:
        yield FieldError("/delivery_times", TOO_MANY_TIMES)
        return
    latest = max([calendar.closes, *(span[1] for span in calendar.weekly.values() if span)])
    for index, text in enumerate(given):
        try:
            at = clock(text)
        except ValueError:
            yield FieldError(f"/delivery_times/{index}", NO_CLOCK)
            continue
        if at > latest:
            yield FieldError(f"/delivery_times/{index}", NEVER_DELIVERED)


def _is_safe_web(address: object) -> bool:
    """Say whether a webhook may go there: encrypted, or to this very machine."""
    if not isinstance(address, str) or len(address) > LONGEST_ADDRESS or _CONTROL.search(address) or " " in address:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if not parts.hostname or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
