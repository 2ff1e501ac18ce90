"""What a page or a JSON door shows: plain, frozen view models, made by the reading use cases."""

from services.casework.usecases.views.case import CaseView
from services.casework.usecases.views.checklist import ChecklistNamed, ChecklistView, EndView, OptionView, StepView
from services.casework.usecases.views.contact import AttachmentView, CandidateView, ContactView, MessageView, NoteView
from services.casework.usecases.views.handover import FieldView, HandoverView, PreviewView
from services.casework.usecases.views.inbox import ColleagueView, DeedView, InboxRow, InboxView
from services.casework.usecases.views.listed import CasePage, CaseRow
from services.casework.usecases.views.people import AlarmView, PersonRow

__all__ = [
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
    "EndView",
    "FieldView",
    "HandoverView",
    "InboxRow",
    "InboxView",
    "MessageView",
    "NoteView",
    "OptionView",
    "PersonRow",
    "PreviewView",
    "StepView",
]
