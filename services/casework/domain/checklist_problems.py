"""What can be wrong with a checklist: where, and in words apart from what fills them, to be translated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

PROBLEM_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "no_steps": "Checklistan saknar steg.",
        "no_ends": "Checklistan saknar slut.",
        "no_text": "Steget {step} saknar text.",
        "no_label": "Ett svar i {step} saknar text.",
        "no_way": "Steget {step} leder ingenstans: goto eller options saknas.",
        "astray": "Steget {step} leder till {goal}, som inte finns.",
        "astray:answer": "Svaret ”{label}” i {step} leder till {goal}, som inte finns.",
        "astray:nowhere": "Svaret ”{label}” i {step} leder till inget, som inte finns.",
        "unreached": "Steget {step} kan aldrig nås.",
        "unreached:end": "Slutet {end} kan aldrig nås.",
        "endless": "Från steget {step} går det inte att komma till något slut.",
        "no_decision": "Steget {step} är inget beslut (decide) och kan inte kräva delegation.",
        "unsafe_link": "Länken ”{name}” i {step} ska börja med https://.",
        "undeclared": "{param} är inte deklarerad i params.",
        "doubled": "{id} finns redan.",
        "same_label": "Svaret ”{label}” finns redan i {step}.",
        "no_value": "”{name}” har inget värde bland verksamhetens lokala uppgifter.",
        "no_receiver": "Slutet {end} saknar mottagare.",
    }
)
"""The Swedish words by code, each the key of its translation; what follows a colon tells words of one code apart."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a checklist: the path to the place (`("steps", 2, "goto")`) and what.

    `code` is the same for a page that says it at its place in the reader's words; `name` the param it is about.
    """

    path: tuple[str | int, ...]
    code: str
    words: str
    name: str = ""
    facts: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def text(self) -> str:
        """What is wrong, in Swedish."""
        return self.words.format(**self.facts)


def problem(says: str, *path: str | int, name: str = "", **facts: str) -> Problem:
    """Return a problem in the words of `says` (a key of `PROBLEM_WORDS`), at a place."""
    filled = {**facts, "name": name} if name else facts
    return Problem(path, says.partition(":")[0], PROBLEM_WORDS[says], name, filled)
