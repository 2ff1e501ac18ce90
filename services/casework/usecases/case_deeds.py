"""What can be done with a case besides working it to its end, gathered for the doors."""

from dataclasses import dataclass

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.forgotten import ReadForgotten
from services.casework.usecases.merge import MergeCase, PreviewMerge, UnmergeCase
from services.casework.usecases.park import ParkCase, WakeParked
from services.casework.usecases.people import AddPerson, ProtectCase, RemovePerson
from services.casework.usecases.relate import LinkCases, UnlinkCases
from services.casework.usecases.reopen import FollowUpCase
from services.casework.usecases.split import SplitCase
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class CaseDeeds:
    """Parking, merging, splitting, linking, and the people of a case."""

    park: ParkCase
    wake: WakeParked
    forgotten: ReadForgotten
    follow_up: FollowUpCase
    preview_merge: PreviewMerge
    merge: MergeCase
    unmerge: UnmergeCase
    split: SplitCase
    link: LinkCases
    unlink: UnlinkCases
    add_person: AddPerson
    remove_person: RemovePerson
    protect: ProtectCase

    @staticmethod
    def make(uow: UnitOfWork, clock: Clock) -> "CaseDeeds":
        """Return them on a database."""
        return CaseDeeds(
            park=ParkCase(uow, clock),
            wake=WakeParked(uow, clock),
            forgotten=ReadForgotten(uow, clock),
            follow_up=FollowUpCase(uow, clock),
            preview_merge=PreviewMerge(uow, clock),
            merge=MergeCase(uow, clock),
            unmerge=UnmergeCase(uow, clock),
            split=SplitCase(uow, clock),
            link=LinkCases(uow, clock),
            unlink=UnlinkCases(uow, clock),
            add_person=AddPerson(uow, clock),
            remove_person=RemovePerson(uow, clock),
            protect=ProtectCase(uow, clock),
        )
