"""What belongs to an agent's day at the desk beside her cases, built once by `wiring`."""

from dataclasses import dataclass
from typing import Self

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.ask_help import AnswerHelp, AskHelp, EndHelp, ReadHelp
from services.casework.usecases.fallback_notes import TakeInNote
from services.casework.usecases.read_fallback import ReadFallback
from services.casework.usecases.read_news import ReadNews
from services.casework.usecases.readers import SeeReaders
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class DeskDay:
    """Asking for help, who else reads, what is new, and what can be read when the router is away."""

    ask_help: AskHelp
    end_help: EndHelp
    answer_help: AnswerHelp
    read_help: ReadHelp
    read_news: ReadNews
    read_fallback: ReadFallback
    take_in_note: TakeInNote
    readers: SeeReaders

    @classmethod
    def make(cls, uow: UnitOfWork, clock: Clock) -> Self:
        """Return them on a database."""
        return cls(
            ask_help=AskHelp(uow, clock),
            end_help=EndHelp(uow, clock),
            answer_help=AnswerHelp(uow, clock),
            read_help=ReadHelp(uow, clock),
            read_news=ReadNews(uow, clock),
            read_fallback=ReadFallback(uow, clock),
            take_in_note=TakeInNote(uow, clock),
            readers=SeeReaders(uow, clock),
        )
