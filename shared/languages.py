"""The languages that citizens are met in, in one place: what may be recorded, read aloud, chosen, written and shown.

Codes are ISO 639, Swedish first. `shared/web/languages.py` has the two that our own pages are in.
"""

from typing import Final

SPOKEN: Final = ("sv", "en", "fi")
"""Telephony that reads aloud asks for these by a sentence of ours; all else it says in Swedish or English."""
RECORDED: Final = ("sv", "en", "fi", "ar", "so")
"""Recordings can be uploaded in these."""
OFFERED: Final = tuple(dict.fromkeys((*SPOKEN, *RECORDED)))
"""A caller can choose among these: the others nobody can say to her."""
WRITTEN: Final = RECORDED
"""Templates of replies are written in these."""
SHOWN: Final = (
    ("sv", "Svenska"),
    ("en", "English"),
    ("ar", "العربية"),
    ("so", "Soomaali"),
    ("fa", "فارسی"),
    ("ti", "ትግርኛ"),
    ("es", "Español"),
    ("pl", "Polski"),
    ("uk", "Українська"),
    ("fi", "Suomi"),
)
"""The languages of the reception, each in its own; none is more than five steps of an arrow key from Swedish."""
