"""Quick registration at an idle desk: words, case type, how it ended, done; one dialog, few keys."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from services.casework.usecases.quick import QUICK, Quick
from services.casework.usecases.views import CandidateView
from services.casework.web.again_dialog import show
from services.casework.web.desk import Agent
from services.casework.web.desk_view import answer_with_work
from services.casework.web.house import casework_of, names_of
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, typed
from shared.errors import DomainError, TransientError
from shared.ids import new_id
from shared.vocabulary import Cause, Channel, Resolution

router = APIRouter(prefix="/desk/quick", include_in_schema=False)

_CHANNELS = frozenset(one.value for one in QUICK)
_RESOLUTIONS = frozenset(one.value for one in Resolution) - {Resolution.HANDED_OVER.value, Resolution.NO_SHOW.value}
_CAUSES = frozenset(one.value for one in Cause)
_SHOWN = 6


@router.get("")
async def ask(request: Request, person: Agent, words: str = "") -> Response:  # noqa: ARG001 - the guard
    """Ask what it was about; without scripts the words come with the question."""
    return await _ask(request, words)


async def _ask(request: Request, words: str, refused: Refused | None = None) -> Response:
    found = await _found(request, words)
    key = refused.values.get("request_id") if refused else None
    return show(
        request,
        "partials/dialog_quick.html",
        "Registrera snabbt",
        refused,
        found=found,
        words_typed=words,
        request_id=key or new_id(),
    )


async def _found(request: Request, words: str) -> Sequence[CandidateView] | None:
    """Return the case types that the words find; None when the search does not answer."""
    if not words.strip():
        return ()
    called = await names_of(request)()
    try:
        hits = await casework_of(request).router.search(words)
    except TransientError:
        return None
    return [called.hit(one) for one in hits[:_SHOWN]]


@router.get("/found")
async def found(request: Request, person: Agent, words: str = "") -> Response:  # noqa: ARG001 - the guard
    """Show the case types that the words find, as one types."""
    hits = await _found(request, words)
    part: Response = request.app.state.pages.render(
        request, "partials/quick_found.html", found=hits, words_typed=words, chosen=""
    )
    return part


@router.post("")
async def register(request: Request, person: Agent) -> Response:
    """Register it; a refusal is the dialog again, with what was typed."""
    form = await typed(request)
    try:
        words = form.text("words", wanted=True, most=2_000)
        case_type, key = form.text("case_type", wanted=True, most=SHORT), form.text("request_id", wanted=True, most=64)
        opens = "open" in form.values
        resolution = form.one_of("resolution", _RESOLUTIONS, wanted=not opens)
        channel = form.one_of("channel", _CHANNELS)
        cause = form.one_of("cause", _CAUSES, wanted=False)
        form.check()
        quick = Quick(
            words,
            case_type,
            None if opens else Resolution(resolution),
            Channel(channel),
            Cause(cause) if cause else None,
        )
        number = await casework_of(request).quick.run(person, quick, key)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _ask(request, form.values.get("words", ""), Refused.by(error, request, "quick", form))
    return await answer_with_work(request, person, number if opens else "", done=True)
