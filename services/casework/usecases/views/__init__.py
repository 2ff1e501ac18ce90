"""What a page or a JSON door shows: plain, frozen view models, made by the reading use cases."""

from services.casework.usecases.views.case import CaseView
from services.casework.usecases.views.checklist import (
    ChecklistNamed,
    ChecklistView,
    EndView,
    NewerView,
    OptionView,
    StepLinkView,
    StepView,
)
from services.casework.usecases.views.contact import (
    AttachmentView,
    CandidateView,
    ContactView,
    DeliveryView,
    MessageView,
    NoteView,
    SentFileView,
)
from services.casework.usecases.views.handover import FieldView, HandoverView, PreviewView, WithheldView
from services.casework.usecases.views.inbox import ColleagueView, DeedView, InboxRow, InboxView
from services.casework.usecases.views.listed import CasePage, CaseRow
from services.casework.usecases.views.outside import StatusView
from services.casework.usecases.views.people import AlarmView, PersonRow
from services.casework.usecases.views.relations import AboutView, HistoryView, LinkView

__all__ = [
    "AboutView",
    "AlarmView",
    "AttachmentView",
    "CandidateView",
    "CasePage",
    "CaseRow",
    "CaseView",
    "ChecklistNamed",
    "ChecklistView",
    "ColleagueView",
    "ContactView",
    "DeedView",
    "DeliveryView",
    "EndView",
    "FieldView",
    "HandoverView",
    "HistoryView",
    "InboxRow",
    "InboxView",
    "LinkView",
    "MessageView",
    "NewerView",
    "NoteView",
    "OptionView",
    "PersonRow",
    "PreviewView",
    "SentFileView",
    "StatusView",
    "StepLinkView",
    "StepView",
    "WithheldView",
]
