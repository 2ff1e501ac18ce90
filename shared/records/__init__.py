"""The records of the whole tables (`catalogue`, `agents`, `rules`, `open`, `examples`): the latest of a key is true.

A null value (tombstone) means that the thing is gone. They are written like events and read by `shared.table`.
"""

from typing import get_args

from shared.events import Event
from shared.records.agents import AgentProfile, WorkMode
from shared.records.catalogue import (
    CaseTypeRecord,
    ChecklistRecord,
    DayException,
    EndRecord,
    EntranceRecord,
    HoursRecord,
    IncidentRecord,
    Option,
    Span,
    StepRecord,
    TakeoverRecord,
    UnitRecord,
)
from shared.records.routing import (
    ExampleRecord,
    OpenContact,
    OverflowStep,
    PeakRecord,
    QueueClosure,
    RulesRecord,
    WrapUp,
)

__all__ = [
    "RECORD_TYPES",
    "TABLE_RECORDS",
    "AgentProfile",
    "CaseTypeRecord",
    "ChecklistRecord",
    "DayException",
    "EndRecord",
    "EntranceRecord",
    "ExampleRecord",
    "HoursRecord",
    "IncidentRecord",
    "OpenContact",
    "Option",
    "OverflowStep",
    "PeakRecord",
    "QueueClosure",
    "RulesRecord",
    "Span",
    "StepRecord",
    "TakeoverRecord",
    "UnitRecord",
    "WorkMode",
    "WrapUp",
]

TABLE_RECORDS = (
    UnitRecord
    | IncidentRecord
    | EntranceRecord
    | CaseTypeRecord
    | ChecklistRecord
    | HoursRecord
    | TakeoverRecord
    | AgentProfile
    | RulesRecord
    | PeakRecord
    | QueueClosure
    | OpenContact
    | ExampleRecord
)

RECORD_TYPES: dict[str, type[Event]] = {model.event_type: model for model in get_args(TABLE_RECORDS)}
"""Every table record by its `ce_type`."""
