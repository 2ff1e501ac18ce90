"""Forms as they were typed: read field by field, so that a refused one comes back with its words and its errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time

from fastapi import Request

from shared.clock import STOCKHOLM
from shared.errors import DomainError, FieldError
from shared.web.errors import InvalidError
from shared.web.languages import choose_language

MISSING = "Uppgiften saknas."
TOO_LONG = "Texten är för lång."
NOT_LISTED = "Värdet är inte ett av dem som går att välja."
NO_DAY = "Skriv dagen som år-månad-dag, till exempel 2026-12-01."
NO_CLOCK = "Skriv klockslaget som 08:30."
NO_DAY_FOR_CLOCK = "Välj också en dag."
TEXTS = (MISSING, TOO_LONG, NOT_LISTED, NO_DAY, NO_CLOCK, NO_DAY_FOR_CLOCK)
"""What is said beside a field, for the test of the translations."""

LONG, SHORT = 20_000, 200
_YEARS = range(1900, 2200)


@dataclass(slots=True)
class Typed:
    """What a form was sent with, and what is wrong with it so far."""

    values: Mapping[str, str]
    faults: list[FieldError] = field(default_factory=list)

    def text(self, name: str, *, wanted: bool = False, most: int = LONG) -> str:
        """Return a field without the space around it; a fault when it is wanted and empty, or too long."""
        found = self.values.get(name, "").replace("\x00", "").strip()
        if wanted and not found:
            self.fault(name, MISSING)
        if len(found) > most:
            self.fault(name, TOO_LONG)
        return found

    def one_of(self, name: str, allowed: frozenset[str], *, wanted: bool = True) -> str:
        """Return a choice; a fault when it is not among what can be chosen."""
        found = self.text(name, wanted=wanted, most=SHORT)
        if found and found not in allowed:
            self.fault(name, NOT_LISTED)
        return found

    def moment(self, day: str, clock: str, *, wanted: bool = False, otherwise: time = time(0)) -> datetime | None:
        """Return the moment that a day and perhaps a time of day in Stockholm say; None when neither is there."""
        on, at = self.text(day, wanted=wanted, most=SHORT), self.text(clock, most=SHORT)
        if not on:
            if at and not wanted:
                self.fault(day, NO_DAY_FOR_CLOCK)
            return None
        try:
            date = datetime.strptime(on, "%Y-%m-%d").replace(tzinfo=STOCKHOLM).date()
        except ValueError:
            self.fault(day, NO_DAY)
            return None
        if date.year not in _YEARS:  # at the edge of time there is no moment in another zone
            self.fault(day, NO_DAY)
            return None
        try:
            hour = time.fromisoformat(at.replace(".", ":")) if at else otherwise
        except ValueError:
            self.fault(clock, NO_CLOCK)
            return None
        return datetime.combine(date, hour.replace(tzinfo=None), tzinfo=STOCKHOLM).astimezone(UTC)

    def number(self, name: str) -> int | None:
        """Return a whole number that a page put there itself; None when it is none."""
        found = self.values.get(name, "")
        return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else None

    def fault(self, name: str, detail: str) -> None:
        """Note what is wrong with a field."""
        self.faults.append(FieldError(f"/{name}", detail))

    def check(self) -> None:
        """Raise InvalidError when anything is wrong."""
        if self.faults:
            raise InvalidError(errors=self.faults)


async def typed(request: Request) -> Typed:
    """Return what was typed into the form that was sent; files are none of it."""
    form = await request.form()
    return Typed({name: value for name, value in form.items() if isinstance(value, str)})


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was refused: what for, what was typed, and what is said where."""

    deed: str
    status: int
    title: str
    values: Mapping[str, str]
    errors: Mapping[str, str]

    @classmethod
    def by(
        cls, error: DomainError, request: Request, deed: str, form: Typed, called: Mapping[str, str] | None = None
    ) -> "Refused":
        """Return the refusal in the reader's language; `called` says which field is meant where names differ."""
        texts, language = request.app.state.texts, choose_language(request)
        errors: dict[str, str] = {}
        for fault in error.errors:
            name = fault.pointer.strip("/")
            said = texts.text(language, fault.detail, **{**error.params, **fault.params})
            errors.setdefault((called or {}).get(name, name), said)
        title = texts.text(language, error.title, **error.params)
        detail = texts.text(language, error.detail, **error.params) if error.detail else ""
        return cls(deed, error.status, " ".join(filter(None, (title, detail))), form.values, errors)


SHOWN_AGAIN = frozenset({409, 422})
"""The refusals that come back as the page; what is not there, not allowed or away is another page."""
