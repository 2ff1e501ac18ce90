"""The history of a case in words, for the timeline of its page; what stands there anyway is not said twice."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.casework.domain.outgoing import OutgoingDeed
from services.casework.usecases.views import CaseView
from services.casework.usecases.views.relations import HistoryView

_TITLES = {
    "classify": "Ärendetypen ändrad",
    "close": "Avslutat",
    "park": "Parkerat",
    "remind": "Påminnelse",
    "follow_up": "Invånaren hörde av sig: ärendet lever igen",
    "reopen": "Öppnat igen",
    "split": "En del flyttades till {other}",
    "merge": "Blev en del av {other}",
    "absorb": "{other} blev en del av ärendet",
    "unmerge": "Åter ett eget ärende, skilt från {other}",
    "deliver": "Levererat till verksamheten",
    "assign": "Tilldelat en handläggare",
    "reassign": "Lämnat vidare inom verksamheten",
    "ask_citizen": "Invånaren ombads komplettera",
    "resume": "Svarstiden löper igen",
    "move_answer": "Svarstiden flyttad",
    "withdraw": "Överlämningen togs tillbaka",
    "remind_unit": "Verksamheten påmind",
    "escalate": "Verksamheten är försenad, ansvarig har fått besked",
    "undo_close": "Avslutandet ångrades",
    "undo_hand_over": "Överlämningen ångrades innan den gick i väg",
    "noted_away": "Antecknat i reservläge, inläst i efterhand",
    "return_call": "Återuppringning lovad",
    "called_again": "Besökaren kom inte och ropades igen",
    "no_show": "Besökaren kom inte",
    "checklist_restarted": "Började om i checklistans version {other}",
    "connected": "Kopplat till ett nummer i katalogen",
    "call_tried": "Inget svar vid återuppringning",
    "help_asked": "Bad arbetsledaren om hjälp",
    "help_answered": "Arbetsledaren svarade på frågan om hjälp",
    "help_offered": "Arbetsledaren erbjöd sig att ta över",
    "help_ended": "Frågan om hjälp avslutades",
    "incident_linked": "Kopplat till en driftstörning",
    "incident_unlinked": "Kopplingen till driftstörningen togs bort",
    "incident_answered": "Fick driftstörningens svar",
    "first_contact_withdrawn": "Räknas inte längre som löst vid första kontakten",
}
_LINKS = {
    ("duplicate", False): "Länkat: dubblett av {other}",
    ("duplicate", True): "Länkat: {other} är en dubblett",
    ("follow_up", False): "Länkat: följer upp {other}",
    ("follow_up", True): "Länkat: följs upp av {other}",
    ("related", False): "Länkat: hör ihop med {other}",
    ("related", True): "Länkat: hör ihop med {other}",
    ("split", False): "Kommer ur {other}",
}
_UNDELIVERED = {
    "handover": "Överlämningen kom inte fram till verksamhetens adress",
    "news": "Ett besked till verksamheten kom inte fram",
    "reminder": "Påminnelsen till verksamheten kom inte fram",
    "escalation": "Beskedet om förseningen kom inte fram till den ansvariga",
}
"""What did not arrive and does not stand among the messages of the case."""
_DOUBTED = "Ett mejl till verksamheten kom kanske inte fram"
_UNLINKED = "Länken till {other} togs bort"
_PEOPLE = {False: "Person tillagd", True: "Person borttagen"}
_PROTECTED = {True: "Märkt med skyddade personuppgifter", False: "Inte längre märkt med skyddade personuppgifter"}
TEXTS = (
    *_TITLES.values(),
    *_UNDELIVERED.values(),
    _DOUBTED,
    *_LINKS.values(),
    _UNLINKED,
    *_PEOPLE.values(),
    *_PROTECTED.values(),
)
"""The Swedish texts of this module, for the test of the translations."""


@dataclass(frozen=True, slots=True)
class Line:
    """One deed on the timeline."""

    at: datetime
    what: str
    title: str
    by: str
    params: dict[str, Any] = field(default_factory=dict)


def lines_of(case: CaseView) -> Iterator[Line]:
    """Return the deeds that have words, oldest first."""
    for deed in case.history:
        if title := _title(deed):
            yield Line(deed.at, deed.what, title, deed.by_name, {"other": deed.facts.get("other", "")})


def _title(deed: HistoryView) -> str:
    facts = deed.facts
    if deed.what == "link":
        return _UNLINKED if facts.get("gone") else _LINKS.get((facts.get("kind", ""), bool(facts.get("back"))), "")
    if deed.what == "people":
        protected = facts.get("protected")
        return _PEOPLE[bool(facts.get("gone"))] if protected is None else _PROTECTED[bool(protected)]
    if deed.what == OutgoingDeed.DOUBTED:
        return _DOUBTED if facts.get("what") in _UNDELIVERED else ""
    if deed.what in {OutgoingDeed.BOUNCED, OutgoingDeed.FAILED}:
        return _UNDELIVERED.get(facts.get("what", ""), "")
    return _TITLES.get(deed.what, "")
