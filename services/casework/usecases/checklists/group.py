"""All that can be done with checklists behind the pages, as one part of casework."""

from dataclasses import dataclass
from typing import Self

from services.casework.mail import Letters
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.checklists.by_the_clock import RemindOwners, TurnChecklists
from services.casework.usecases.checklists.decide import (
    ApproveVersion,
    PublishVersion,
    RecallVersion,
    RejectVersion,
    ReviewVersion,
    SubmitVersion,
    WithdrawVersion,
)
from services.casework.usecases.checklists.examples import SayExamples
from services.casework.usecases.checklists.exporting import ExportChecklists
from services.casework.usecases.checklists.figures import ReadFigures
from services.casework.usecases.checklists.local_facts import ListFacts, SetFact
from services.casework.usecases.checklists.reading import ListVersions, ReadDue, ReadHistory, ReadProblems, ReadVersion
from services.casework.usecases.checklists.take_in import TakeIn
from services.casework.usecases.checklists.telling import Telling
from services.casework.usecases.checklists.urgent import HurryVersion, IsThereNewer
from services.casework.usecases.checklists.write import CopyVersion, CreateChecklist, DraftChecklist, WriteDraft
from services.casework.usecases.imports import ImportDrafts
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Checklists:
    """Writing, deciding, the clock, local facts."""

    list: ListVersions
    read: ReadVersion
    problems: ReadProblems
    history: ReadHistory
    figures: ReadFigures
    due: ReadDue
    newer: IsThereNewer
    create: CreateChecklist
    draft: DraftChecklist
    copy: CopyVersion
    write: WriteDraft
    submit: SubmitVersion
    recall: RecallVersion
    approve: ApproveVersion
    reject: RejectVersion
    publish: PublishVersion
    withdraw: WithdrawVersion
    review: ReviewVersion
    hurry: HurryVersion
    export: ExportChecklists
    say_examples: SayExamples
    facts: ListFacts
    set_fact: SetFact
    take_in: TakeIn
    turn: TurnChecklists
    remind: RemindOwners

    @classmethod
    def make(cls, uow: UnitOfWork, letters: Letters, clock: Clock) -> Self:
        """Build all of it."""
        tell = Telling(letters)
        return cls(
            list=ListVersions(uow),
            read=ReadVersion(uow),
            problems=ReadProblems(uow),
            history=ReadHistory(uow),
            figures=ReadFigures(uow, clock),
            due=ReadDue(uow, clock),
            newer=IsThereNewer(uow),
            create=CreateChecklist(uow, clock),
            draft=DraftChecklist(uow, clock),
            copy=CopyVersion(uow, clock),
            write=WriteDraft(uow, clock),
            submit=SubmitVersion(uow, tell, clock),
            recall=RecallVersion(uow, clock),
            approve=ApproveVersion(uow, clock),
            reject=RejectVersion(uow, clock),
            publish=PublishVersion(uow, clock),
            withdraw=WithdrawVersion(uow, clock),
            review=ReviewVersion(uow, clock),
            hurry=HurryVersion(uow, tell, clock),
            export=ExportChecklists(uow),
            say_examples=SayExamples(uow),
            facts=ListFacts(uow),
            set_fact=SetFact(uow, clock),
            take_in=TakeIn(ImportDrafts(uow, clock)),
            turn=TurnChecklists(uow, tell, clock),
            remind=RemindOwners(uow, tell, clock),
        )
