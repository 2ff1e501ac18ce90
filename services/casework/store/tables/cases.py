"""Cases and all that belongs to one."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text, text

from services.casework.store.tables.columns import at, count, flag, json, maybe, metadata, seconds, words

cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("contact_id", Text, nullable=False, unique=True),
    Column("current_contact", Text, nullable=False),
    words("state"),
    words("channel"),
    words("entrance"),
    words("unit"),
    Column("language", Text, nullable=False, server_default="sv"),
    maybe("person_key"),
    maybe("case_type"),
    maybe("classified_how"),
    maybe("checklist_id"),
    Column("checklist_version", Integer),
    count("run", "1"),
    maybe("priority"),
    maybe("agent_id"),
    at("opened_at", nullable=False),
    at("due_at"),
    flag("due_missed"),
    at("parked_until"),
    maybe("resolution"),
    maybe("cause"),
    at("closed_at"),
    maybe("closed_by"),
    flag("first_contact"),
    count("contact_count", "1"),
    count("reopened"),
    seconds("handling_seconds"),
    seconds("reported_seconds"),
    at("last_beat_at"),
    at("changed_at", nullable=False),
    flag("purged"),
    count("version", "1"),
    words("changed_by"),
    words("parked_why"),
    words("parked_by"),
    at("waiting_since"),
    maybe("merged_into"),
    flag("first_contact_wide"),
    at("first_contact_withdrawn_at"),
    words("first_contact_withdrawn_why"),
    flag("protected"),
    Index("cases_opened", "opened_at", "id"),
    Index("cases_state", "state", "opened_at", "id"),
    Index("cases_person", "person_key", postgresql_where=text("person_key IS NOT NULL")),
    Index("cases_agent", "agent_id", "state", postgresql_where=text("state <> 'closed'")),
    Index("cases_due", "due_at", postgresql_where=text("state = 'open' AND NOT due_missed")),
    Index("cases_parked", "parked_until", postgresql_where=text("state = 'parked'")),
    Index("cases_checklist", "checklist_id", "opened_at", postgresql_where=text("checklist_id IS NOT NULL")),
    Index("cases_closed_by", "closed_by", "closed_at", postgresql_where=text("closed_by IS NOT NULL")),
)

case_people = Table(
    "case_people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False, index=True),
    words("role"),
    words("name"),
    words("email"),
    words("phone"),
    words("note"),
    words("by"),
    at("at", nullable=False),
    at("removed_at"),
    words("removed_by"),
)
"""Who the case is about: `citizen`, `representative` (with what mandate in `note`) or `anonymous`."""

case_links = Table(
    "case_links",
    metadata,
    Column("case_id", Text, ForeignKey("casework.cases.id"), primary_key=True),
    Column("other_id", Text, ForeignKey("casework.cases.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    words("by"),
    at("at", nullable=False),
    Index("case_links_other", "other_id"),
)
"""`duplicate`, `follow_up`, `merged`, `split` or `related`: the case and the one it goes back to."""

case_history = Table(
    "case_history",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False),
    at("at", nullable=False),
    words("by"),
    words("by_name"),
    words("what"),
    json("facts", "{}"),
    Index("case_history_case", "case_id", "id"),
)
"""What was done with a case, by whom, in order; never changed."""

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False, index=True),
    words("kind"),
    words("author"),
    words("recipient"),
    words("subject"),
    words("body"),
    at("at", nullable=False),
    words("html"),
    json("attachments", "[]"),
    Column("channel", Text, nullable=False, server_default="email"),
    at("undone_at"),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False, index=True),
    words("author"),
    words("author_name"),
    words("body"),
    at("at", nullable=False),
    maybe("corrects"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("case_id", Text, ForeignKey("casework.cases.id"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("kind", Text, primary_key=True, server_default="note"),
    words("body"),
    at("saved_at", nullable=False),
)

run_steps = Table(
    "run_steps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("casework.cases.id"), nullable=False),
    count("run", "1"),
    Column("seq", BigInteger, nullable=False),
    words("step"),
    maybe("option"),
    words("note"),
    words("reference"),
    words("by"),
    at("at", nullable=False),
    at("undone_at"),
    maybe("undone_by"),
    Index("run_steps_case", "case_id", "run", "seq"),
)
