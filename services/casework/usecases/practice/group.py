"""All of practice behind the pages, as one part of casework."""

from dataclasses import dataclass
from typing import Self

from services.casework.router_client import RouterClient
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.practice.exercises import ListExercises
from services.casework.usecases.practice.shown import ReadPractice
from services.casework.usecases.practice.sign_off import AskForSignOff, ReadResults, SignAgents
from services.casework.usecases.practice.walk import EndPractice, ForgetPractice, StartPractice, WorkPractice
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Practice:
    """Exercises, runs, results and sign-offs."""

    exercises: ListExercises
    start: StartPractice
    work: WorkPractice
    end: EndPractice
    read: ReadPractice
    results: ReadResults
    sign: SignAgents
    ask: AskForSignOff
    forget: ForgetPractice

    @classmethod
    def make(cls, uow: UnitOfWork, router: RouterClient, clock: Clock) -> Self:
        """Build all of it."""
        return cls(
            exercises=ListExercises(uow),
            start=StartPractice(uow, router, clock),
            work=WorkPractice(uow, clock),
            end=EndPractice(uow, clock),
            read=ReadPractice(uow, clock),
            results=ReadResults(uow),
            sign=SignAgents(uow, clock),
            ask=AskForSignOff(uow),
            forget=ForgetPractice(uow, clock),
        )
