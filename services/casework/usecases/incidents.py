"""All that can be done with incidents, built once by `wiring`."""

from dataclasses import dataclass

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.answer_incident import AnswerAll, AnswerByPhone, AnswerIncidents
from services.casework.usecases.link_incident import LinkCase, UnlinkCase
from services.casework.usecases.read_incidents import (
    ListIncidents,
    PrefillIncident,
    ReadCaseIncidents,
    ReadDeskIncidents,
    ReadIncident,
)
from services.casework.usecases.reply import Replies
from services.casework.usecases.run_incident import ChangeIncident, CloseIncident, OpenIncident
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Incidents:
    """The use cases of incidents."""

    list: ListIncidents
    read: ReadIncident
    at_desk: ReadDeskIncidents
    of_case: ReadCaseIncidents
    prefill: PrefillIncident
    open: OpenIncident
    change: ChangeIncident
    close: CloseIncident
    link: LinkCase
    unlink: UnlinkCase
    answer_all: AnswerAll
    answer_by_phone: AnswerByPhone
    answer_job: AnswerIncidents

    @classmethod
    def make(cls, uow: UnitOfWork, replies: Replies, clock: Clock) -> "Incidents":
        """Return them on a database."""
        return cls(
            list=ListIncidents(uow, clock),
            read=ReadIncident(uow, clock),
            at_desk=ReadDeskIncidents(uow, clock),
            of_case=ReadCaseIncidents(uow),
            prefill=PrefillIncident(uow),
            open=OpenIncident(uow, clock),
            change=ChangeIncident(uow, clock),
            close=CloseIncident(uow, clock),
            link=LinkCase(uow, clock),
            unlink=UnlinkCase(uow, clock),
            answer_all=AnswerAll(uow, clock),
            answer_by_phone=AnswerByPhone(uow, clock),
            answer_job=AnswerIncidents(uow, replies, clock),
        )
