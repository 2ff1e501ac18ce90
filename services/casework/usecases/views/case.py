"""A case, with everything about it."""

from dataclasses import dataclass, field
from datetime import datetime

from services.casework.domain.noting import should_not_stand
from services.casework.usecases.views.checklist import ChecklistView
from services.casework.usecases.views.contact import CandidateView, ContactView, MessageView, NoteView
from services.casework.usecases.views.handover import HandoverView
from services.casework.usecases.views.listed import CaseRow
from services.casework.usecases.views.measures import Measures
from services.casework.usecases.views.relations import AboutView, HistoryView, LinkView
from services.casework.usecases.work_views import MoveView, QuestionView
from shared.vocabulary import CaseState, Channel, TakenOver


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything that the desk and the case page show of a case."""

    id: str
    number: str
    state: CaseState
    channel: Channel
    entrance: str
    entrance_name: str
    greeting: str
    """What to say or write first, with the agent's first name filled in."""
    unit: str
    unit_name: str
    case_type: str | None
    path: tuple[str, ...]
    area: str
    question: str
    classified_how: str | None
    """`set` by the router, `confirmed` or `corrected` by an agent."""
    language: str
    priority: str | None
    agent_id: str | None
    agent_name: str | None
    opened_at: datetime
    due_at: datetime | None
    parked_until: datetime | None
    resolution: str | None
    cause: str | None
    closed_at: datetime | None
    first_contact: bool
    handling_seconds: float
    candidates: tuple[CandidateView, ...]
    checklist: ChecklistView | None
    contacts: tuple[ContactView, ...]
    messages: tuple[MessageView, ...]
    notes: tuple[NoteView, ...]
    draft: str
    """What the reader has typed as a note and not locked."""
    draft_saved_at: datetime | None
    handover: HandoverView | None
    """The latest hand-over."""
    handovers: tuple[HandoverView, ...]
    earlier: tuple[CaseRow, ...]
    """Other cases of the same person that the reader may see, newest first, at most five."""
    earlier_handovers: tuple[HandoverView, ...]
    """The hand-overs of those, oldest first: when it is repaired and who comes is asked about them."""
    taken_over: TakenOver
    """Whether the contact centre answers for it yet."""
    forward_to: str
    """Number or address that it is connected or forwarded to when it is not taken over; else empty."""
    reply_to: str | None
    """The address a reply would go to; None when the citizen cannot be written to."""
    sms_to: str | None = None
    """The mobile number (E.164) that an SMS would go to; None where none can be sent."""
    can: frozenset[str] = field(default_factory=frozenset)
    """What can be done now: `classify step note reply close hand_over park reopen return answer`."""

    light: str = ""
    """How the due time stands in the unit's working time: `green amber red`; empty while no clock of ours runs."""
    moves: tuple[MoveView, ...] = ()
    questions: tuple[QuestionView, ...] = ()
    """What colleagues are asked about the current contact, oldest first."""
    asks_me: QuestionView | None = None
    """The question that the reader has taken and is not done with."""
    version: int = 0
    """Grows with every deed; a form or program says it back so that nobody acts on what is no longer true."""
    merged_into: str | None = None
    """The number of the case that this one is part of."""
    links: tuple[LinkView, ...] = ()
    people: tuple[AboutView, ...] = ()
    anonymous: bool = False
    """Nobody has to be known: nothing about the person is shown."""
    protected: bool = False
    """The person has a protected identity."""
    hidden: bool = False
    """It is hidden from this reader who the person is."""
    history: tuple[HistoryView, ...] = ()
    parked_why: str = ""
    waiting_since: datetime | None = None
    """Since when we wait for the citizen: the promise's clock stands still."""
    too_old: bool = False
    """Closed too long ago to be reopened: it is followed up by a new case."""

    measures: Measures = field(default_factory=Measures)
    """What it has taken, how it was solved, and the return call to be made."""

    @property
    def contact(self) -> ContactView:
        """The contact that is worked on now."""
        return next((contact for contact in self.contacts if contact.current), self.contacts[-1])

    @property
    def unfit(self) -> tuple[str, ...]:
        """What of the typed note should not stand there: a personal identity number, words that are forbidden."""
        return should_not_stand(self.draft, self.checklist.forbid if self.checklist else ())
