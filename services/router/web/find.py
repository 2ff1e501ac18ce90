"""The doors of finding: `/api/v1/match` and `/api/v1/search`; both answer from memory and change nothing."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.router.usecases.find import MatchText, SearchTexts
from services.router.usecases.routed import candidate
from shared.events import Candidate, ChecklistRef
from shared.vocabulary import Channel
from shared.web.access import Action, requires

router = APIRouter(prefix="/api/v1", tags=["find"])


class MatchQuestion(BaseModel):
    """A text, and where it came in when that is known."""

    text: str = Field("", max_length=100_000)
    entrance: str | None = None
    channel: Channel | None = None
    language: str | None = None


class WordWeight(BaseModel):
    """A word of the text and how much it speaks for the first candidate (log odds)."""

    word: str
    weight: float


class MatchReply(BaseModel):
    """Up to five case types, best first."""

    candidates: list[Candidate]
    confidence: float
    explanation: list[WordWeight]


class SearchQuestion(BaseModel):
    """What has been typed so far; only hits of `unit` (id) when it is given."""

    text: str = Field(max_length=1_000)
    unit: str | None = None


class SearchHit(BaseModel):
    """A case type that fits, with its published checklist when it has one."""

    case_type: str
    unit: str
    area: str
    question: str
    checklist: ChecklistRef | None
    score: float


class SearchReply(BaseModel):
    """Hits, best first."""

    items: list[SearchHit]
    next: str | None = None


@router.post("/match", dependencies=[requires(Action.READ_CATALOGUE)])
async def match(question: MatchQuestion, request: Request) -> MatchReply:
    """Say what a text is about; no side effects."""
    use_case: MatchText = request.app.state.match_text
    answer = use_case.match(question.text, entrance=question.entrance)
    return MatchReply(
        candidates=[candidate(found) for found in answer.candidates],
        confidence=answer.confidence,
        explanation=[WordWeight(word=word, weight=weight) for word, weight in answer.explanation],
    )


@router.post("/search", dependencies=[requires(Action.READ_CATALOGUE)])
async def search(question: SearchQuestion, request: Request) -> SearchReply:
    """Find case types and checklists as one types."""
    use_case: SearchTexts = request.app.state.search_texts
    hits: list[dict[str, Any]] = [
        {
            "case_type": hit.case_type.id,
            "unit": hit.case_type.unit,
            "area": hit.case_type.area,
            "question": hit.case_type.question,
            "checklist": hit.checklist,
            "score": hit.score,
        }
        for hit in use_case.search(question.text, unit=question.unit)
    ]
    return SearchReply(items=[SearchHit(**hit) for hit in hits])
