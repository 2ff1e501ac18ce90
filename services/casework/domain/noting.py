"""What a checklist says of writing and telling: when to think of what, and what should not stand in a note."""

import re
from collections.abc import Iterator, Sequence

from services.casework.domain.checklist import Checklist, Step
from shared.vocabulary import Identity, Secrecy, StepType

PERSONAL_NUMBER = "personnummer"
_NUMBER = re.compile(r"(?<![\d-])(?:18|19|20)?(\d{6})[-+ ]?(\d{4})(?!\d)")
_TELLS = frozenset({StepType.INFORM, StepType.DO, StepType.DECIDE})
_RULES = frozenset({StepType.INFORM, StepType.DECIDE})


def remember(checklist: Checklist, step: Step) -> tuple[str, ...]:
    """Return what to think of at a step: who it is before anything is told, the law before a rule is, and so on."""
    tells, rules = step.type in _TELLS, step.type in _RULES
    found = (
        ("identity", tells and checklist.identity is Identity.VERIFIED),
        ("secrecy", tells and checklist.secrecy is Secrecy.PRESUMED),
        ("legal", rules and bool(checklist.legal_note)),
        ("forbid", step.type is StepType.RECORD and bool(checklist.forbid)),
    )
    return tuple(name for name, true in found if true)


def should_not_stand(text: str, forbid: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what in a text should not be noted: a personal identity number, and words that a checklist forbids.

    It is a warning and stops nothing: whoever writes knows more than a list of words.
    """
    return tuple(dict.fromkeys((*_numbers(text), *_words(text, forbid))))


def _numbers(text: str) -> Iterator[str]:
    for match in _NUMBER.finditer(text):
        if _is_personal(match[1] + match[2]):
            yield PERSONAL_NUMBER


def _is_personal(digits: str) -> bool:
    """Return whether ten digits are a personal or a coordination number: a day that can be, and a sum that is right."""
    month, day = int(digits[2:4]), int(digits[4:6])
    if not 1 <= month <= 12 or not 1 <= (day - 60 if day > 60 else day) <= 31:
        return False
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _words(text: str, forbid: Sequence[str]) -> Iterator[str]:
    plain = text.casefold()
    for phrase in forbid:
        if phrase.strip() and re.search(rf"\b{re.escape(phrase.strip().casefold())}\b", plain):
            yield phrase
