"""What a receipt says: thanks, the number, by which day an answer comes, how to add something, what not to send.

And that the mail becomes an official document. Nothing of what was written is quoted, so that it may lie in anybody's
mailbox.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from babel.dates import format_date

from services.casework.domain.template import blank, fill
from shared.clock import local

TITLES = MappingProxyType({"sv": "Vi har tagit emot ditt ärende", "en": "We have received your case"})
"""Subjects by language."""


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name a mail goes out; an empty address is our own."""

    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The facts of a receipt, in the language that it is written in."""

    number: str
    sender: Sender
    unit: str
    answer_by: datetime
    channel: str = "email"
    language: str = "sv"

    @property
    def day(self) -> str:
        """The day of the answer, with its weekday in words."""
        return day_in_words(self.answer_by, self.language)


def day_in_words(moment: datetime, language: str) -> str:
    """Return a day as one says it: `torsdag den 26 november 2026`, `Thursday 26 November 2026`."""
    pattern, locale = ("EEEE d MMMM y", "en_GB") if language == "en" else ("EEEE 'den' d MMMM y", "sv_SE")
    return format_date(local(moment), pattern, locale=locale)


_NAME = re.compile(r"[^\W\d_]+(?:(?!\.[^\W\d_]{2})[ .'’-]{1,2}[^\W\d_]+){0,5}\.?")
"""Words; a dot ends one or stands between initials, for mail programs make a link of `evil.example`."""
_LONGEST_NAME = 60


def greeted(name: str | None) -> str:
    """Return the name that somebody is greeted by; nothing where it is more than a name: a sender may be forged."""
    plain = " ".join((name or "").split())
    return plain if len(plain) <= _LONGEST_NAME and _NAME.fullmatch(plain) else ""


def worded(body: str, name: str, facts: Receipt) -> str:
    """Return a template's text with its fields filled in; who gave no name is greeted without one."""
    values = {
        "namn": name,
        "ärendenummer": facts.number,
        "svar_senast": facts.day,
        "enhet": facts.unit,
        "avsändare": facts.sender.name,
    }
    # Filled in from the template's braces alone: what a citizen calls herself is never read as a field.
    said = fill(body, values)
    return re.sub(rf" ?{re.escape(blank('namn'))}", "", said).strip() + "\n"
