"""What can be wrong with a rule table: each kind of fault has a code, an English text and a Swedish one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_LONGEST = 500

TEXTS: Mapping[str, tuple[str, str]] = {
    "unknown-field": ("unknown field {given!r}; known are {known}", "fältet {given!r} finns inte, bara {known}"),
    "unknown-condition": (
        "unknown condition {given!r}; known are {known}",
        "villkoret {given!r} finns inte, bara {known}",
    ),
    "unknown-effect": ("unknown effect {given!r}; known are {known}", "effekten {given!r} finns inte, bara {known}"),
    "unknown-key": ("{key}: unknown {given!r}; known are {known}", "{key}: {given!r} finns inte, bara {known}"),
    "unknown-value": ("unknown {key} {given}; one of {known}", "{key} kan inte vara {given}, bara {known}"),
    "unknown-name": ("{key}: there is no {given}", "{key}: {given} finns inte"),
    "unknown-queue": (
        "{key}: no rule makes the queue {given!r}",
        "{key}: ingen regel leder till kön {given!r}",
    ),
    "unknown-place": ("unknown place in {given!r}; known are {known}", "okänd plats i {given!r}, bara {known} finns"),
    "no-row": ("is not a rule but {given}", "är ingen regel utan {given}"),
    "unusable": ("holds what cannot be stored", "innehåller något som inte går att spara"),
    "too-many": ("more than {most} rules", "fler än {most} regler"),
    "no-name": ("needs a name of its own", "behöver ett eget namn"),
    "no-effect": ("states nothing", "säger ingenting"),
    "no-fields": ("{key} must be fields and values", "{key} ska vara fält och värden"),
    "no-list": ("{key} must be a list of texts with at least one", "{key} ska vara en lista med minst en text"),
    "no-steps": (
        "{key} must be a list of one to {most}, each with `after`",
        "{key} ska vara en lista med ett till {most} steg, vart och ett med `after`",
    ),
    "no-truth": ("{key} must be true or false", "{key} ska vara true eller false"),
    "not-true": ("{key} can only be true", "{key} kan bara vara true"),
    "no-share": ("{key} must be a number from 0 to 1", "{key} ska vara ett tal från 0 till 1"),
    "no-count": ("{key} must be a whole number from 1", "{key} ska vara ett helt tal från 1"),
    "no-seconds": (
        "{key}: not a duration up to {most}: {given!r}",
        "{key}: {given!r} är ingen tid på högst {most}; skriv `30 sekunder`, `2 minuter` eller ett antal sekunder",
    ),
    "no-duration": (
        "{key}: not a duration: {given!r}",
        "{key}: {given!r} är ingen tid, som `1 arbetsdag` eller `2 timmar`",
    ),
    "no-hours": (
        "hours: not a span of the day: {given!r}",
        "hours: {given!r} är inget klockslag till ett annat, som `08:00-16:30`",
    ),
    "no-date": ("{key}: not a date: {given!r}", "{key}: {given!r} är inget datum, som `2026-12-24`"),
    "never": ("time: holds at no moment", "time: inträffar aldrig"),
    "no-queue": ("{key} must be a name", "{key} ska vara ett namn utan mellanslag, på högst 80 tecken"),
    "no-text": ("{key} must be a text", "{key} ska vara en text"),
    "no-level": ("not a level from 1 to 5: {given!r}", "{given!r} har ingen nivå från 1 till 5"),
    "one-way": (
        "{key}: says one of skills, drop, level_minus, and reserves or not",
        "{key}: ange ett av skills, drop och level_minus, med eller utan reserves",
    ),
    "changes-nothing": ("{key}: changes nothing", "{key}: ändrar ingenting"),
    "same-time": ("{key}: two steps at the same time", "{key}: två steg vid samma tid"),
    "keeps-protected": (
        "{key}: protected is never dropped",
        "{key}: protected tas aldrig bort, den som har skyddad identitet får vänta på den som får se det",
    ),
    "must-state": ("must state {key}", "måste ange {key}"),
    "no-otherwise": (
        "must be `otherwise`: what holds when no rule says anything",
        "måste vara `otherwise`: det som gäller när ingen regel säger något",
    ),
    "dead": (
        "{key} can never take effect: {above} stands above it",
        "{key} får aldrig verkan: {above} står ovanför och gäller alltid först",
    ),
    "overlap": (
        """{key} is stated by {above} too, for instance for {witness}; put a rule for these above both, narrow one of \
them, or say `yields_to: {mended}` here""",
        """{key} anges också av {above} ovanför, till exempel för {witness_sv}. Lägg en regel för just dem överst, gör \
en av reglerna smalare, eller skriv `yields_to: {mended}` här så gäller den övre""",
    ),
    "yields-to-nobody": (
        "yields_to: no rule {given!r} stands above it",
        "yields_to: ingen regel {given!r} står ovanför",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a table; `pointer` is the JSON pointer into the list of rows, `rule` is named as written."""

    rule: str
    code: str
    pointer: str
    params: Mapping[str, object] = field(default_factory=dict)
    row: int = 0
    """The number of the row, from 0."""

    @property
    def english(self) -> str:
        """What it says, in English."""
        return TEXTS[self.code][0].format(**self.params)

    @property
    def swedish(self) -> str:
        """What it says, in Swedish."""
        return TEXTS[self.code][1].format(**self.params)

    def __str__(self) -> str:
        return f"{self.rule}: {self.english}"


class RuleTableError(ValueError):
    """A rule table that would not do what it says; `errors` names the rule and the fault, one a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        self.errors = tuple(map(str, faults))
        super().__init__("\n".join(self.errors))


@dataclass(slots=True)
class Row:
    """Where in the table we are, and what has been found wrong there."""

    number: int
    name: str
    faults: list[Fault]

    def wrong(self, code: str, *path: object, **params: object) -> None:
        """Note a fault at `path` within the row; a long value is cut."""
        where = "".join(f"/{_clean(str(part)).replace('~', '~0').replace('/', '~1')}" for part in (self.number, *path))
        given = {key: _clean(value) if isinstance(value, str) else value for key, value in params.items()}
        self.faults.append(Fault(_clean(self.name), code, where, given, self.number))

    def known(self, code: str, given: Mapping[str, object], known: Sequence[str], *path: str) -> None:
        """Note every key of `given` that is not known."""
        for key in given:
            if key not in known:
                self.wrong(code, *path, key, given=str(key), known=", ".join(known), key=".".join(path))


def _clean(text: str) -> str:
    """Return what can be shown of a text: not too much, and nothing that no encoding has."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()
