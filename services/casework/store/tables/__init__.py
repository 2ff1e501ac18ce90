"""The tables of casework; the schema itself is made by the migrations, and a test compares the two."""

from services.casework.store.tables.cases import (
    case_history,
    case_links,
    case_people,
    cases,
    drafts,
    messages,
    notes,
    run_steps,
)
from services.casework.store.tables.catalogue import (
    case_types,
    entrances,
    opening_hours,
    people,
    takeovers,
    templates,
    unit_terms,
    units,
)
from services.casework.store.tables.checklists import (
    checklist_history,
    checklist_reminders,
    checklist_versions,
    unit_param_history,
    unit_params,
)
from services.casework.store.tables.columns import metadata
from services.casework.store.tables.contacts import call_tries, contacts, moves
from services.casework.store.tables.day import case_readers, help_asks, help_lines, news_read, undos
from services.casework.store.tables.directory import directory, directory_files, directory_words
from services.casework.store.tables.gaps import knowledge_gaps
from services.casework.store.tables.handovers import handovers, webhooks_out
from services.casework.store.tables.incidents import alarms, incident_cases, incidents
from services.casework.store.tables.outgoing import mail_bursts, mails_out, receipt_marks, sms_out
from services.casework.store.tables.practice import practice_exercises, practice_runs, sign_offs
from services.casework.store.tables.search import search_docs, search_marks, search_words
from shared.decisions import decisions_table
from shared.outbox import outbox_table

outbox = outbox_table(metadata)
dead_decisions = decisions_table(metadata)

__all__ = [
    "alarms",
    "call_tries",
    "case_history",
    "case_links",
    "case_people",
    "case_readers",
    "case_types",
    "cases",
    "checklist_history",
    "checklist_reminders",
    "checklist_versions",
    "contacts",
    "dead_decisions",
    "directory",
    "directory_files",
    "directory_words",
    "drafts",
    "entrances",
    "handovers",
    "help_asks",
    "help_lines",
    "incident_cases",
    "incidents",
    "knowledge_gaps",
    "mail_bursts",
    "mails_out",
    "messages",
    "metadata",
    "moves",
    "news_read",
    "notes",
    "opening_hours",
    "outbox",
    "people",
    "practice_exercises",
    "practice_runs",
    "receipt_marks",
    "run_steps",
    "search_docs",
    "search_marks",
    "search_words",
    "sign_offs",
    "sms_out",
    "takeovers",
    "templates",
    "undos",
    "unit_param_history",
    "unit_params",
    "unit_terms",
    "units",
    "webhooks_out",
]
