"""What our SMS say to citizens, in their language: at most two parts, and no more than a phone may show to anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from services.casework.domain.sms import parts, plain
from services.casework.mail import when

LONGEST = 306
"""Signs: two parts of GSM's alphabet."""
_MOST_PARTS = 2
_NOTICES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sv": {
            "handed_over": "Ditt ärende {number} är överlämnat till {unit}. Du ska ha svar senast {answer_by}.",
            "moved": "Svaret i ditt ärende {number} kommer en annan tid än vi har sagt: senast {answer_by}.",
            "resumed": "Tack, vi har fått det vi väntade på i ditt ärende {number}. Du ska ha svar senast {answer_by}.",
            "late": "Du skulle ha fått svar i ditt ärende {number} senast {answer_by}, och det har du inte. "
            "Vi har påmint {unit} och följer ärendet tills du har fått svar.",
        },
        "en": {
            "handed_over": "Your case {number} is now with {unit}. You shall have an answer by {answer_by}.",
            "moved": "The answer in your case {number} comes at another time than we have said: by {answer_by}.",
            "resumed": "Thank you, we have what we waited for in your case {number}. "
            "You shall have an answer by {answer_by}.",
            "late": "You were to have an answer in your case {number} by {answer_by}, and you have not. "
            "We have reminded {unit} and follow the case until you have your answer.",
        },
    }
)
_SOME_UNIT = MappingProxyType({"sv": "en verksamhet i kommunen", "en": "a unit of the municipality"})
_FOLLOW = MappingProxyType({"sv": "Så går det: {url}", "en": "How it goes: {url}"})


@dataclass(frozen=True, slots=True)
class News:
    """What has happened to a case; what is secret, or not known, is empty."""

    number: str
    answer_by: datetime
    unit: str = ""
    url: str = ""
    sender: str = ""


def tongue(language: str | None) -> str:
    """Return the language that we write in to one who has this one: Swedish or English."""
    return "en" if language == "en" else "sv"


def notice(what: str, news: News, language: str | None) -> str:
    """Return what the citizen is told when her case is `handed_over`, or its answer `moved`, `resumed` or `late`.

    What does not fit in two parts is left out: first who writes, then the unit's name, then the link.
    """
    spoken = tongue(language)
    follow = _FOLLOW[spoken].format(url=news.url) if news.url else ""
    said, bare = _said(what, news, spoken, news.unit), _said(what, news, spoken, "")
    return _fitting((said, follow, news.sender), (said, follow), (bare, follow), (bare,))


def looked_for(number: str, tries: int, *, phone: str = "", sender: str = "", language: str | None) -> str:
    """Return what the citizen is told whom we have called so many times; `phone` is where she reaches us."""
    if tongue(language) == "en":
        said = f"We have called you {tries} times without reaching you. We still have your case {number}."
        call = f"You are welcome to call us at {phone}." if phone else "You are welcome to contact us again."
    else:
        said = f"Vi har ringt dig {tries} gånger utan att nå dig. Ditt ärende {number} är kvar hos oss."
        call = f"Ring oss gärna på {phone}." if phone else "Hör gärna av dig igen."
    return _fitting((said, call, sender), (said, call))


def confirmed(number: str, answer_by: datetime | None, *, sender: str = "", language: str | None) -> str:
    """Return what the citizen is told after a call, if she wants it: the number of her case, and what was promised."""
    spoken = tongue(language)
    if spoken == "en":
        thanks, said = "Thank you for your call.", f"The number of your case is {number}."
        promise = f"You will have an answer by {when(answer_by, spoken)}." if answer_by else ""
    else:
        thanks, said = "Tack för ditt samtal.", f"Ditt ärendenummer är {number}."
        promise = f"Du får svar senast {when(answer_by, spoken)}." if answer_by else ""
    return _fitting((thanks, said, promise, sender), (said, promise))


def only_number(number: str, language: str | None) -> str:
    """Return what the same says where it is secret that she has called: anybody may read a phone."""
    return f"The number of your case is {number}." if tongue(language) == "en" else f"Ditt ärendenummer är {number}."


def _said(what: str, news: News, language: str, unit: str) -> str:
    moment = when(news.answer_by, language)
    return _NOTICES[language][what].format(number=news.number, unit=unit or _SOME_UNIT[language], answer_by=moment)


def _fitting(*choices: tuple[str, ...]) -> str:
    """Return the first that fits in two parts, the last if none does."""
    texts = [plain(" ".join(filter(None, choice))) for choice in choices]
    return next((one for one in texts if len(one) <= LONGEST and parts(one) <= _MOST_PARTS), texts[-1])
