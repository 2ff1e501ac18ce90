"""*Reservläge*: what can be read when the router is away, and the notes that were taken meanwhile."""

from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from services.casework.usecases.fallback_notes import NotedAway
from services.casework.usecases.quick import QUICK
from services.casework.web.desk import Agent
from services.casework.web.house import casework_of, seats_of
from services.casework.web.typed import SHORT, typed
from shared.clock import utc_now
from shared.vocabulary import Channel
from shared.web.access import open_to_all

router = APIRouter(include_in_schema=False)

_CHANNELS = frozenset(one.value for one in QUICK)
_WORKER = Path(__file__).parents[1] / "static/fallback-worker.js"
LONGEST_NOTE = 4_000


@router.get("/fallback")
async def fallback(request: Request, person: Agent, q: str = "") -> Response:  # noqa: ARG001 - the guard
    """Show checklists and numbers, from casework alone, and the notes that this browser keeps."""
    shown = await casework_of(request).day.read_fallback.run(q[:200])
    away = seats_of(request).queues is None
    facts = {"shown": shown, "q": q[:200], "away": away, "made": utc_now(), "longest": LONGEST_NOTE}
    found: Response = request.app.state.pages.render(request, "pages/fallback.html", **facts)
    return found


@router.get("/fallback.html")
async def paper(request: Request, person: Agent) -> Response:  # noqa: ARG001 - the guard
    """Give all of it as one file, to keep on the computer or to print: it needs nothing else."""
    shown = await casework_of(request).day.read_fallback.run()
    found: Response = request.app.state.pages.render(request, "pages/fallback_paper.html", shown=shown, made=utc_now())
    found.headers["content-disposition"] = 'attachment; filename="reservlage.html"'
    return found


@router.get("/fallback-worker.js", dependencies=[open_to_all("a script without a secret, fetched by the browser")])
async def worker() -> Response:
    """Give the script that shows the kept page when the server does not answer; here, since it serves `/fallback`."""
    return FileResponse(_WORKER, media_type="text/javascript", headers={"cache-control": "no-cache"})


@router.post("/fallback/notes")
async def take_in(request: Request, person: Agent) -> Response:
    """Take in one note that the browser has kept, once for its key; say which case it has become."""
    form = await typed(request)
    key, words = form.text("key", wanted=True, most=64), form.text("words", wanted=True, most=LONGEST_NOTE)
    channel = form.one_of("channel", _CHANNELS, wanted=False)
    name, phone = form.text("name")[:SHORT], form.text("phone")[:SHORT]
    form.check()
    note = NotedAway(
        words,
        _moment(form.values.get("at", "")),
        Channel(channel or Channel.PHONE),
        name,
        phone,
        form.text("case_type")[:SHORT],
        form.values.get("done", "") == "1",
    )
    taken = await casework_of(request).day.take_in_note.run(person, note, key)
    return JSONResponse({"number": taken.number, "closed": taken.closed}, 201)


def _moment(said: str) -> datetime:
    """Return when the browser says that it was written; one that says nothing sensible, now."""
    try:
        found = datetime.fromisoformat(said)
        return found.astimezone(UTC) if found.tzinfo is not None else utc_now()
    except (ValueError, OverflowError):
        return utc_now()
