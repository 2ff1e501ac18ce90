"""What the desk's page and its parts show, gathered in one place: a part looks the same alone and in its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from services.casework.usecases.ask_help import HelpView
from services.casework.usecases.desk_views import DeskRow, LateRow
from services.casework.usecases.gaps import GapView
from services.casework.usecases.incident_views import DeskIncidents
from services.casework.usecases.views import CandidateView, CaseRow, CaseView
from services.casework.usecases.views.directory import EntryView
from services.casework.web.house import casework_of, names_of, seats_of
from services.casework.web.seat import Gone, Offer, Seat, WrapUp
from shared.clock import STOCKHOLM, utc_now
from shared.errors import KontaktcenterError, NotFoundError, TransientError
from shared.ids import new_id
from shared.vocabulary import Channel, WorkKind, WrapUpMode
from shared.web.access import Person

PRESENCE_COOKIE = "kc_presence"
_SUGGESTED = 5
"""Candidates of the router that are shown."""
_WORDS = 4
"""Words that say why."""
_SHOWN = 8
"""Hits of a search that are shown."""
_PEOPLE_SHOWN = 4
"""Persons and functions among them: each hit has a key, and there are nine."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One queue in the table of what waits."""

    name: str
    waiting: int
    oldest_seconds: float
    ready_agents: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in all queues, by channel."""

    calls: int
    visits: int
    mails: int
    forms: int
    oldest_seconds: float
    queues: tuple[QueueLine, ...]

    @property
    def total(self) -> int:
        """How many wait."""
        return self.calls + self.visits + self.mails + self.forms


LIKELY = 0.3
"""Confidence from which an offer says what it probably is about."""


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as it is shown: what, from where, how long."""

    offer_id: str
    channel: str
    entrance_name: str
    question: str
    waited_seconds: float
    kind: str = "contact"
    why: tuple[str, ...] = ()
    about: str = ""
    """The number of the case that a colleague asks about."""
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class GoneView:
    """Somebody who left while she was offered, and whether she can be called."""

    contact_id: str
    channel: str
    entrance_name: str
    callable: bool | None


@dataclass(frozen=True, slots=True)
class DeskView:
    """The desk's day, and whether she is ready."""

    presence: str
    cases: Sequence[CaseRow] = ()
    parked: Sequence[CaseRow] = ()
    done_today: int = 0
    handed_over_today: int = 0
    late: Sequence[LateRow] = ()


@dataclass(frozen=True, slots=True)
class SeatView:
    """What the router says of her, beside her status."""

    sent_away: bool = False
    wrap_up_until: datetime | None = None
    wrap_up_must_end: bool = False
    """Mandatory after-work: only its time ends it."""
    modes: tuple[str, ...] = ()
    mode: str = ""
    peak_until: datetime | None = None
    mail_waits: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything the templates of the desk need."""

    desk: DeskView
    waiting: Waiting | None
    offer: OfferView | None
    gone: GoneView | None = None
    case: CaseView | None = None
    candidates: Sequence[CandidateView] | None = ()
    found: Sequence[EntryView] = ()
    """Persons and functions that a search finds."""
    why: Sequence[str] = ()
    query: str = ""
    now: datetime = field(default_factory=utc_now)
    seat: SeatView = field(default_factory=SeatView)
    incidents: DeskIncidents = field(default_factory=DeskIncidents)
    gap_answers: Sequence[GapView] = ()
    """What owners have answered to her reports; shown when nothing is on the desk."""
    talking: CaseView | None = None
    """Whom she talks to, when another case is before her: she has answered the phone beside it."""

    helped: HelpView | None = None
    """The help that she has asked for with this case."""
    readers: Sequence[str] = ()
    """Who else has the case open."""

    def context(self) -> dict[str, Any]:
        """Return the names that the templates know."""
        names = (
            "desk",
            "waiting",
            "offer",
            "gone",
            "case",
            "candidates",
            "found",
            "why",
            "query",
            "now",
            "seat",
            "incidents",
            "gap_answers",
            "talking",
            "helped",
            "readers",
        )
        return {name: getattr(self, name) for name in names} | {"saved_at": saved_at, "request_id": new_id()}


async def desk_of(request: Request, person: Person, number: str = "", query: str = "") -> Desk:
    """Gather the desk, with the case of `number` (or the one she has had longest) on it."""
    state = await casework_of(request).read_desk.run(person.id)
    chosen = number or (state.cases[0].number if state.cases else "")
    case = await _case(request, person, chosen, asked_for=bool(number))
    top = await top_of(request, person)
    today = (state.done_today, state.handed_over_today)
    day = DeskView(top.desk.presence, state.cases, state.parked, *today, late=state.late)
    candidates = await candidates_of(request, case, query) if case else ()
    found = await found_of(request, query) if case else ()
    why = await why_of(request, case) if case and not query else ()
    incidents = await casework_of(request).incidents.at_desk.run(person, case)
    answers = () if case else await casework_of(request).gaps.read.unseen(person)
    talking = await _talking(request, person, state.cases, case)
    helped = await casework_of(request).day.read_help.of_case(case.id, person) if case else None
    shown = replace(top, desk=day, case=case, candidates=candidates, why=why, query=query, incidents=incidents)
    readers = await _readers(request, person, case) if case else ()
    return replace(shown, found=found, talking=talking, helped=helped, gap_answers=answers, readers=readers)


async def _readers(request: Request, person: Person, case: CaseView) -> Sequence[str]:
    """Return who else reads the case; what the page fetches by itself is no sign that she reads it."""
    seen = casework_of(request).day.readers
    if "x-background" in request.headers:
        return await seen.others(case.number, person)
    return await seen.here(case.id, person)


async def _talking(request: Request, person: Person, rows: Sequence[DeskRow], case: CaseView | None) -> CaseView | None:
    """Return the call or visit that she has beside the case before her; a colleague's question stands in the tabs."""
    if case is None:
        return None
    calls = [row.number for row in rows if row.talking and not row.asked and row.number != case.number]
    if not calls:
        return None
    return await _case(request, person, calls[0], asked_for=False)


async def top_of(request: Request, person: Person) -> Desk:
    """Gather what changes by itself: presence, offer and queues; costs no query."""
    names, seats = await names_of(request)(), seats_of(request)
    seat = seats.seat(person.id, request.cookies.get(PRESENCE_COOKIE, "away"))
    return Desk(
        desk=DeskView(seat.presence),
        waiting=waiting_of(seats.queues, names.units),
        offer=offer_view(seats.offer_of(person.id), names.entrances),
        gone=gone_view(seats.gone_of(person.id), names.entrances),
        seat=seat_view(seat, seats.wrap_up_of(person.id), seats.peak),
    )


def seat_view(seat: Seat, wrap_up: WrapUp | None, peak: Mapping[str, Any] | None) -> SeatView:
    """Return what stands beside her status: after-work, work modes, a supervisor's word, a peak."""
    return SeatView(
        sent_away=seat.sent_away,
        wrap_up_until=wrap_up.until if wrap_up else None,
        wrap_up_must_end=wrap_up is not None and wrap_up.mode == WrapUpMode.MANDATORY,
        modes=seat.modes or (),
        mode=seat.mode,
        peak_until=datetime.fromisoformat(peak["until"]) if peak and peak.get("until") else None,
        mail_waits=bool(peak and peak.get("mail_waits")),
    )


async def _case(request: Request, person: Person, number: str, *, asked_for: bool) -> CaseView | None:
    if not number:
        return None
    try:
        return await casework_of(request).read_case.run(number, person)
    except NotFoundError:
        if asked_for:
            raise
        return None


async def why_of(request: Request, case: CaseView) -> Sequence[str]:
    """Return the words of the contact that speak most for the first suggestion; none when the router is silent."""
    contact = case.contact
    text = f"{contact.subject}\n{contact.text}".strip()
    if not text or not case.candidates:
        return ()
    try:
        answer = await casework_of(request).router.match(text, entrance=contact.entrance)
    except KontaktcenterError:
        return ()
    return [one["word"] for one in answer["explanation"] if one["weight"] > 0][:_WORDS]


async def candidates_of(request: Request, case: CaseView, query: str) -> Sequence[CandidateView] | None:
    """Return the suggestions of the case, or what a search finds; None when the search does not answer."""
    called = await names_of(request)()
    if not query.strip():
        return [called.candidate(one) for one in case.candidates[:_SUGGESTED]]
    try:
        found = await casework_of(request).router.search(query)
    except TransientError:
        return None
    return [called.hit(one) for one in found[:_SHOWN]]


async def found_of(request: Request, query: str) -> Sequence[EntryView]:
    """Return the persons and functions that a search finds."""
    return await casework_of(request).directory.read.find(query, _PEOPLE_SHOWN) if query.strip() else ()


def waiting_of(queues: Sequence[Mapping[str, Any]] | None, units: Mapping[str, str]) -> Waiting | None:
    """Return what waits, longest first; None when the router has not said."""
    if queues is None:
        return None
    busy = sorted((queue for queue in queues if queue["waiting"]), key=lambda queue: -float(queue["oldest_seconds"]))

    def count(channel: Channel) -> int:
        return sum(int(queue["by_channel"].get(channel, 0)) for queue in busy)

    return Waiting(
        calls=count(Channel.PHONE),
        visits=count(Channel.VISIT),
        mails=count(Channel.EMAIL),
        forms=count(Channel.E_SERVICE),
        oldest_seconds=max((float(queue["oldest_seconds"]) for queue in busy), default=0.0),
        queues=tuple(
            QueueLine(units.get(q["queue"], q["queue"]), q["waiting"], q["oldest_seconds"], q["ready_agents"])
            for q in busy
        ),
    )


def offer_view(offer: Offer | None, entrances: Mapping[str, str]) -> OfferView | None:
    """Return an offer as it is shown."""
    if offer is None:
        return None
    return OfferView(
        offer_id=offer["offer_id"],
        channel=offer["channel"],
        entrance_name=entrances.get(offer["entrance"], offer["entrance"]),
        question=_likely(offer.get("candidates") or ()),
        waited_seconds=float(offer.get("waited_seconds") or 0),
        kind=offer.get("kind") or WorkKind.CONTACT.value,
        why=tuple(offer.get("why") or ()),
    )


def gone_view(gone: Gone | None, entrances: Mapping[str, str]) -> GoneView | None:
    """Return who has left as it is shown."""
    if gone is None:
        return None
    offer = gone.offer
    entrance = entrances.get(offer["entrance"], offer["entrance"])
    return GoneView(offer["contact_id"], offer["channel"], entrance, gone.callable)


def _likely(candidates: Sequence[Mapping[str, Any]]) -> str:
    """Return the question that it probably is; a guess (a call that nobody has heard yet) is none."""
    best = candidates[0] if candidates else {}
    return str(best.get("question", "")) if best.get("confidence", 0.0) >= LIKELY else ""


def saved_at(moment: datetime) -> str:
    """Return when a draft was saved, to the second."""
    return moment.astimezone(STOCKHOLM).strftime("%H:%M:%S")


def is_part(request: Request) -> bool:
    """Tell whether a script asks for a part of the page."""
    return "hx-request" in request.headers


async def answer_with_work(
    request: Request, person: Person, number: str = "", *, done: bool = False, notice: str = ""
) -> Response:
    """Answer a deed: the work area for scripts, the way back to the desk for plain forms."""
    if not is_part(request):
        return RedirectResponse(f"/desk?case={number}" if number else "/desk", status_code=303)
    desk = await desk_of(request, person, number)
    response: Response = request.app.state.pages.render(request, "partials/desk_work.html", **desk.context())
    if done:
        response.headers["hx-trigger"] = "kc:done"
    if notice:
        response.headers["hx-trigger-after-settle"] = notice
    return response
