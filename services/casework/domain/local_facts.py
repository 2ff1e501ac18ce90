"""Local facts of a unit (*lokala uppgifter*): a number, a limit, an address that its checklists are filled with."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from shared.errors import DomainError

NAME = re.compile(r"[a-zåäö0-9][a-zåäö0-9_ -]{0,79}", re.IGNORECASE)
LONGEST = 500


class Measure(StrEnum):
    """What a value is measured in or looks like."""

    TEXT = "text"
    PHONE = "telefon"
    EMAIL = "e-post"
    WEB = "webbadress"
    KRONOR = "kronor"
    DAYS = "dagar"
    DEGREES = "grader"
    NUMBER = "tal"
    TIME = "klockslag"


_NUMBER = re.compile(r"\d[\d  .]*(,\d+)?( ?(kr|kronor|dagar|arbetsdagar|grader|°C|m|m2|m²|%))?", re.IGNORECASE)
_SHAPES: Mapping[Measure, re.Pattern[str]] = MappingProxyType(
    {
        Measure.PHONE: re.compile(r"\+?[\d][\d  -]{2,24}"),
        Measure.EMAIL: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
        Measure.WEB: re.compile(r"(https://)?[^\s/]+\.[^\s]+"),
        Measure.KRONOR: _NUMBER,
        Measure.DAYS: _NUMBER,
        Measure.DEGREES: _NUMBER,
        Measure.NUMBER: _NUMBER,
        Measure.TIME: re.compile(r"([01]?\d|2[0-3])[.:][0-5]\d( ?[-–] ?([01]?\d|2[0-3])[.:][0-5]\d)?"),
    }
)
EXAMPLES: Mapping[Measure, str] = MappingProxyType(
    {
        Measure.TEXT: "",
        Measure.PHONE: "070-174 06 05",
        Measure.EMAIL: "namn@kommun.example",
        Measure.WEB: "https://kommun.example/sida",
        Measure.KRONOR: "250 kr",
        Measure.DAYS: "5 dagar",
        Measure.DEGREES: "18 grader",
        Measure.NUMBER: "12",
        Measure.TIME: "08.00–16.30",
    }
)
"""How a value of each measure may look."""


class BadFactError(DomainError):
    """The value does not look like its measure, or the name cannot be one."""

    type = "bad-fact"
    status = 422
    title = "Värdet ser inte ut som {measure}. Skriv till exempel {example}."


class BadNameError(DomainError):
    """No param can be called so."""

    type = "bad-name"
    status = 422
    title = "Så kan en lokal uppgift inte heta."


class FactMovedError(DomainError):
    """Somebody else has changed the value since it was read."""

    type = "fact-moved"
    status = 409
    title = "Någon annan har ändrat uppgiften till ”{value}” sedan du läste den."


def sound(name: str, value: str, measure: str) -> tuple[str, Measure]:
    """Return a value, tidied, and its measure; refused when it does not look like it. Empty is no value (any more)."""
    if not NAME.fullmatch(name):
        raise BadNameError
    kind = Measure(measure) if measure in set(Measure) else Measure.TEXT
    plain = " ".join(value.replace("\x00", "").split())[:LONGEST]
    if plain and "{" not in plain and (kind not in _SHAPES or _SHAPES[kind].fullmatch(plain)):
        return plain, kind
    if not plain:
        return "", kind
    raise BadFactError(measure=kind.value, example=EXAMPLES[kind])
