"""What goes out by mail and SMS, and what is counted so that machines do not answer each other."""

from sqlalchemy import Column, Index, Table, Text, text

from services.casework.store.tables.columns import at, count, json, listed, maybe, metadata, words

mails_out = Table(
    "mails_out",
    metadata,
    Column("id", Text, primary_key=True),
    maybe("case_id"),
    words("kind"),
    words("recipient"),
    words("sender_name"),
    words("subject"),
    words("body"),
    Column("message_id", Text, nullable=False, unique=True),
    maybe("in_reply_to"),
    listed("reference_ids"),
    words("state"),
    count("attempts"),
    at("created_at", nullable=False),
    at("next_at"),
    at("sent_at"),
    words("problem"),
    words("html"),
    json("attachments", "[]"),
    words("sender_address"),
    at("bounced_at"),
    Index("mails_out_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("mails_out_case", "case_id"),
    Index("mails_out_recipient", "recipient"),
)

sms_out = Table(
    "sms_out",
    metadata,
    Column("id", Text, primary_key=True),
    maybe("case_id"),
    words("kind"),
    words("recipient"),
    words("sender"),
    words("body"),
    words("state"),
    words("provider_id"),
    count("attempts"),
    at("created_at", nullable=False),
    at("next_at"),
    at("sent_at"),
    words("problem"),
    at("delivered_at"),
    Index("sms_out_provider", "provider_id", postgresql_where=text("provider_id <> ''")),
    Index("sms_out_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("sms_out_case", "case_id"),
)

receipt_marks = Table(
    "receipt_marks",
    metadata,
    Column("address_hash", Text, primary_key=True),
    at("at", nullable=False),
    count("count", "1"),
    at("since"),
    Index("receipt_marks_at", "at"),
)
"""The latest receipt to an address, and how many since when."""

mail_bursts = Table(
    "mail_bursts",
    metadata,
    Column("key_hash", Text, primary_key=True),
    words("case_id"),
    count("count"),
    at("at", nullable=False),
    Index("mail_bursts_at", "at"),
)
"""How many contacts of one kind and sender came without a pause, the latest `at`, and the case they gather on."""
