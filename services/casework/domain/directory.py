"""The directory: persons and functions that a caller may ask for, by which words they are found, and who is away.

A number is shown only where the file says so: an entry that is `protected` shows no number and no place at all, and a
mobile only when it is marked as shown. What is not shown is not found either.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from services.casework.domain.search import LONGEST_WORD, Term, fold, phone_digits, words_of

LAST = 4
"""The end of a phone number that finds it: what people call an extension."""
NAME, SAID, AROUND = 0, 1, 2
"""How much a word counts, the least first: of the name, of what is said of it, of where it belongs."""
EXACT, BEGINS, NEAR = 0, 1, 4
"""How well a word answers, the best first."""


class Kind(StrEnum):
    """What an entry is."""

    PERSON = "person"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Entry:
    """One person or function; `away_until` is the last day away, `stand_in` the id of another entry."""

    id: str
    kind: Kind
    name: str
    title: str = ""
    unit: str = ""
    """Id of a unit."""
    place: str = ""
    phone: str = ""
    extension: str = ""
    mobile: str = ""
    mobile_shown: bool = False
    protected: bool = False
    email: str = ""
    keywords: tuple[str, ...] = ()
    away_until: date | None = None
    stand_in: str = ""

    def away(self, today: date) -> bool:
        """Say whether it is away on a day; that ends by itself when the last day is over."""
        return self.away_until is not None and self.away_until >= today

    @property
    def shown(self) -> Mapping[str, str]:
        """What may be shown of where it is reached: `phone`, `extension`, `mobile`, `place`, `email`."""
        if self.protected:
            return {"phone": "", "extension": "", "mobile": "", "place": "", "email": ""}
        mobile = self.mobile if self.mobile_shown else ""
        return {
            "phone": self.phone,
            "extension": self.extension,
            "mobile": mobile,
            "place": self.place,
            "email": self.email,
        }

    @property
    def dials(self) -> str:
        """The number that a caller is passed on to, as E.164; empty when there is none that may be used."""
        return dialled(self.shown["phone"]) or dialled(self.shown["mobile"])


def dialled(number: str) -> str:
    """Return a phone number as E.164, in Sweden unless it says otherwise; empty when it is none."""
    digits = phone_digits(number)
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+46{digits[1:]}" if digits.startswith("0") and len(digits) > LAST else ""


def words_of_entry(entry: Entry, unit_name: str) -> dict[str, int]:
    """Return the folded words that an entry is found by, each with how much it counts."""
    found: dict[str, int] = {}

    def add(words: Iterable[str], weight: int) -> None:
        for word in words:
            plain = fold(word)[:LONGEST_WORD]
            if plain:
                found[plain] = min(weight, found.get(plain, weight))

    shown = entry.shown
    add(_plain_words(entry.name), NAME)
    add(digits_of(shown), NAME)
    add(_plain_words(entry.title), SAID)
    add((word for one in entry.keywords for word in _plain_words(one)), SAID)
    add(_plain_words(unit_name), AROUND)
    add(_plain_words(shown["place"]), AROUND)
    add(_plain_words(shown["email"]), AROUND)
    return found


def _plain_words(text: str) -> list[str]:
    """Return the words of a text as the search of cases has them, without the marks of numbers and addresses."""
    return [word for word in words_of(text) if word[0] not in "+#" and "@" not in word]


def digits_of(shown: Mapping[str, str]) -> tuple[str, ...]:
    """Return the numbers that an entry is found by: extension, whole numbers, and their last four digits."""
    whole = [digits for name in ("phone", "mobile") if (digits := phone_digits(shown[name]))]
    extension = "".join(one for one in shown["extension"] if one.isdigit())
    return tuple(filter(None, (extension, *whole, *(one[-LAST:] for one in whole))))


@dataclass(frozen=True, slots=True)
class Answer:
    """That a word of an entry answers a term: how much the word counts, and how well it answers."""

    entry: str
    cost: int


@dataclass(slots=True)
class Ranking:
    """Entries that answer every term, the best first: by the sum of what their best words cost."""

    costs: dict[str, int] = field(default_factory=dict)
    first: bool = True

    def narrow(self, answers: Iterable[Answer]) -> None:
        """Keep the entries that answer one more term."""
        best: dict[str, int] = {}
        for one in answers:
            best[one.entry] = min(one.cost, best.get(one.entry, one.cost))
        if self.first:
            self.costs, self.first = best, False
        else:
            self.costs = {entry: cost + best[entry] for entry, cost in self.costs.items() if entry in best}

    def ordered(self, names: Mapping[str, str]) -> list[str]:
        """Return the ids, the best first, and among equals by name."""
        return sorted(self.costs, key=lambda entry: (self.costs[entry], fold(names.get(entry, "")), entry))


def asked_terms(terms: Sequence[Term], phone: str) -> tuple[str, ...]:
    """Return what is asked for as folded words, the longest first; a query of digits alone is one number."""
    words = (phone,) if phone else tuple(term.text if term.kind == "digits" else term.folded for term in terms)
    return tuple(sorted(dict.fromkeys(words), key=lambda word: (-len(word), word)))
