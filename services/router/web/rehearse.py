"""The door of the rehearsal: try a rule table on the past before it is published."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.router.domain.rehearsal_figures import Rehearsal
from services.router.domain.rehearsal_words import LIMITS, MISSING
from services.router.domain.rule_table import RuleTableError
from services.router.usecases.rehearse import MOST_WEEKS, Rehearse
from services.router.web.rules import RulesDraft, refused
from shared.vocabulary import Channel
from shared.web.access import Action, requires
from shared.web.languages import choose_language

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])


class RehearsalDraft(RulesDraft):
    """A table to try, on so many of the last weeks."""

    weeks: int = Field(4, ge=1, le=MOST_WEEKS)


class ChangeReply(BaseModel):
    """So many contacts would have had `after` instead of `before`; up to ten of them by id."""

    what: str
    before: str
    after: str
    contacts: int
    examples: list[str]


class WaitsReply(BaseModel):
    """How contacts waited: seconds of those answered; `in_time` is the share within 60 s, or by the due time."""

    contacts: int
    answered: int
    median: float | None
    p90: float | None
    in_time: float | None


class QueueReply(BaseModel):
    """One queue and channel: as measured, and as simulated with the old and with the new table."""

    queue: str
    channel: Channel
    measured: WaitsReply | None
    before: WaitsReply | None
    after: WaitsReply | None


class TrustReply(BaseModel):
    """How the simulation of the old table compares with what was; `close`: `in_time` within ten points."""

    channel: Channel
    measured: WaitsReply
    simulated: WaitsReply
    off_seconds: float | None
    close: bool


class RehearsalReply(BaseModel):
    """What the table would have made of it; `missing` says why there is nothing about waiting."""

    since: datetime
    until: datetime
    contacts: int
    changed: int
    moved: int
    cut: bool
    unread: int
    agents: int
    unknown_agents: int
    guessed_handling: int
    changes: list[ChangeReply]
    waiting: list[QueueReply]
    trust: list[TrustReply]
    missing: str
    limits: list[str]


@router.post("/rehearse", dependencies=[requires(Action.SUPERVISE)])
async def rehearse(draft: RehearsalDraft, request: Request) -> RehearsalReply:
    """Try a table on the past; nothing is changed. 409 while another is tried, 422 with all faults of the table."""
    use_case: Rehearse = request.app.state.rehearse
    language = choose_language(request)
    try:
        found = await use_case.rehearse(draft.rules, draft.weeks)
    except RuleTableError as error:
        raise refused(error.faults, language) from error
    return _reply(found, language)


def _reply(found: Rehearsal, language: str) -> RehearsalReply:
    place = 0 if language == "en" else 1
    said: dict[str, Any] = asdict(found)
    said["trust"] = [asdict(each) | {"close": each.close} for each in found.trust]
    said["since"], said["until"] = (datetime.fromtimestamp(moment, UTC) for moment in (found.since, found.until))
    said["missing"] = MISSING[found.missing][place] if found.missing else ""
    said["limits"] = [LIMITS[code][place] for code in found.limits]
    return RehearsalReply.model_validate(said)
