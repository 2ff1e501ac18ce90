"""Which language a text is most likely written in, Swedish or English, by its small words; unsure is None."""

import re

_WORD = re.compile(r"[^\W\d_]+")
_FEW = 3
"""So many small words of a language it takes."""
_TIMES = 2
"""And so many times as many as of the other."""
MOST = 5_000
"""Characters that are looked at."""
_SWEDISH = (
    "och att det som en ett på är av för med till den har inte om men var jag ni vi du kan hur när vad från så "
    "ska min mitt mina er ert era eller också mig oss hej tack"
)
_ENGLISH = (
    "the and to of is that it you for on with are be this have from or at not but what when how my your we can i "
    "please would there do does will was hello thank thanks"
)
_SMALL = {"sv": frozenset(_SWEDISH.split()), "en": frozenset(_ENGLISH.split())}


def written_in(text: str) -> str | None:
    """Return `sv` or `en`, None when neither is clear."""
    words = [word.lower() for word in _WORD.findall(text[:MOST])]
    counts = {language: sum(word in small for word in words) for language, small in _SMALL.items()}
    for language, other in (("sv", "en"), ("en", "sv")):
        if counts[language] >= _FEW and counts[language] >= _TIMES * counts[other]:
            return language
    return None
