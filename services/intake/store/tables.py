"""The tables of intake's schema."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.decisions import decisions_table
from shared.outbox import outbox_table

METADATA = MetaData(schema="intake")

_SOON = text("now() + interval '1 minute'")


def _moment(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


MAILBOXES = Table(
    "mailboxes",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""How far each mailbox is read."""

MAILS = Table(
    "mails",
    METADATA,
    Column("mailbox", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True),
    Column("uid", BigInteger, primary_key=True),
    Column("day", Date, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    Column("message_hash", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=text("''")),
    _moment("moved_at"),
    Index("mails_first", "contact_id", unique=True, postgresql_where=text("outcome <> 'duplicate'")),
    Index("mails_of_day", "day", "mailbox"),
    Index("mails_not_moved", "mailbox", postgresql_where=text("moved_at IS NULL")),
)
"""The ledger: every mail seen, by its place, and what became of it; of one contact at most one is no duplicate."""

MAIL_CHECKS = Table(
    "mail_checks",
    METADATA,
    Column("mailbox", Text, primary_key=True),
    Column("checked_at", DateTime(timezone=True), nullable=False),
    Column("since", Date),
    Column("inbox", Integer, nullable=False, server_default=text("0")),
    Column("processed", Integer, nullable=False, server_default=text("0")),
    Column("problem", Text),
    _moment("problem_since"),
)
"""When each mailbox was last compared with the ledger, from which day on, and what kept it from being."""

MAIL_DIFFERENCES = Table(
    "mail_differences",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("mailbox", Text, nullable=False, index=True),
    Column("folder", Text, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("contact_id", Text),
    Column("found_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""Where mailbox and ledger disagree, until a comparison finds that they do not."""

SEEN = Table(
    "seen",
    METADATA,
    Column("contact_id", Text, primary_key=True),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)
"""Contacts that Kafka has acknowledged, so that a repetition is no second event."""

CALLS = Table(
    "calls",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("contact_id", Text, nullable=False, unique=True),
    Column("entrance", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("caller", Text),
    Column("state", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default=text("0")),
    Column("agent_id", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("published", Boolean, nullable=False, server_default=text("false")),
    Column("received_at", DateTime(timezone=True), nullable=False, index=True),
    _moment("connected_at"),
    _moment("through_at"),
    Column("through_epoch", BigInteger),
    Column("unanswered", Integer, nullable=False, server_default=text("0")),
    _moment("ended_at"),
    Column("language", Text, nullable=False, server_default=text("'sv'")),
    Column("step", Integer, nullable=False, server_default=text("0")),
    Column("heard", JSONB(none_as_null=True)),
    Column("told", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    _moment("place_at"),
    Column("return_call", Text, nullable=False, server_default=text("''")),
    Column("jours", Integer, nullable=False, server_default=text("0")),
    _moment("asked_at"),
    Column("pass_to", Text, nullable=False, server_default=text("''")),
    Column("back_epoch", BigInteger),
    Column("back_agent", Text),
    _moment("back_at"),
    Column("back_waits", Boolean, nullable=False, server_default=text("false")),
    Index("calls_back", "back_at", postgresql_where=text("back_waits")),
    Index("calls_open", "received_at", postgresql_where=text("ended_at IS NULL")),
)
"""The calls of telephony and where each is; `heard` is the last answer, `step` its number, `asked_at` its time.

`back_…` is the return call that was promised in it: who accepted it when, and whether it still waits to be rung.
"""

RECORDINGS = Table(
    "recordings",
    METADATA,
    Column("entrance", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("version", Text, nullable=False, index=True),
    Column("format", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("uploaded_at", DateTime(timezone=True), nullable=False),
    Column("uploaded_by", Text, nullable=False),
)
"""What callers hear; the bytes lie in the originals store under `recordings/<version>`."""

EXCHANGE_ANSWERS = Table(
    "exchange_answers",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("who", Text, nullable=False),
    Column("answered_at", DateTime(timezone=True), nullable=False, index=True),
)
"""Who has each call of an exchange, as the exchange last said."""

VISITS = Table(
    "visits",
    METADATA,
    Column("contact_id", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("entrance", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("name", Text),
    Column("state", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default=text("0")),
    Column("agent_id", Text),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    _moment("ended_at"),
    Column("language", Text, nullable=False, server_default=text("'sv'")),
    _moment("called_at"),
    Column("calls", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("day", "entrance", "ticket"),
    Index("visits_open", "day", postgresql_where=text("ended_at IS NULL")),
)
"""Visitors of the reception desks."""

QMATIC_VISITS = Table(
    "qmatic_visits",
    METADATA,
    Column("contact_id", Text, primary_key=True),
    Column("branch", Text, nullable=False),
    Column("visit", Text, nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False, index=True),
    Column("happened", Text, nullable=False),
)
"""Visits of Qmatic: whose they are there, and the newest that was said of each."""

TICKETS = Table(
    "tickets",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("entrance", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)
"""The last queue ticket of a desk and day."""

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("door", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)
"""What was answered to an `Idempotency-Key`, for 24 hours."""

WEBHOOK_IDS = Table(
    "webhook_ids",
    METADATA,
    Column("webhook_id", Text, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)
"""The webhooks of the last minutes, by key and id: the same id with another body is refused."""

UNSCANNED = Table(
    "unscanned",
    METADATA,
    Column("store_key", Text, primary_key=True),
    Column("contact_id", Text, nullable=False, index=True),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    Column("next_at", DateTime(timezone=True), nullable=False, server_default=_SOON, index=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
)
"""Files that the virus scanner has given no verdict on; asked again when their contact has surely been told."""

PLATFORM_FAMILIES = Table(
    "platform_families",
    METADATA,
    Column("platform", Text, primary_key=True),
    Column("family", Text, primary_key=True),
    Column("read_to", DateTime(timezone=True), nullable=False),
    _moment("looked_back_at"),
)
"""How far each form family of an e-service platform is read, and when older instances were last looked at."""

PLATFORM_INSTANCES = Table(
    "platform_instances",
    METADATA,
    Column("platform", Text, primary_key=True),
    Column("instance", Text, primary_key=True),
    Column("family", Text, nullable=False),
    Column("mark", Text, nullable=False, server_default=text("''")),
    Column("first_contact", Text),
    Column("case_id", Text, index=True),
    Column("merged_into", Text, index=True),
    _moment("told_at"),
    Column("touched_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)
"""The submissions of e-service platforms: as last listed, the contact and case that each is, no word of any."""

PLATFORM_VERSIONS = Table(
    "platform_versions",
    METADATA,
    Column("contact_id", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
    _moment("published_at"),
    Index("platform_versions_instance", "platform", "instance"),
)
"""Each version of a submission that has become a contact, or is about to."""

PLATFORM_PENDING = Table(
    "platform_pending",
    METADATA,
    Column("platform", Text, primary_key=True),
    Column("instance", Text, primary_key=True),
    Column("family", Text, nullable=False),
    Column("mark", Text, nullable=False, server_default=text("''")),
    Column("problem", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
)
"""Submissions that could not be taken in, or wait for their case, until they are: listed or not."""

PLATFORM_ANSWERS = Table(
    "platform_answers",
    METADATA,
    Column("platform", Text, primary_key=True),
    Column("instance", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("family", Text, nullable=False),
    Column("contact_id", Text),
    Column("delivered", Boolean, nullable=False, server_default=text("true")),
    Column("state", Text),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("problem", Text, nullable=False, server_default=text("''")),
    Index("platform_answers_due", "platform", "due_at"),
)
"""What a platform is still to be told of an instance: that we have it, and the last state of its case."""

DEAD_DECISIONS = decisions_table(METADATA)
"""What was decided about dead records of intake's groups."""

OUTBOX = outbox_table(METADATA)
"""Events that wait for Kafka: visits, calls by hand, ends, and calls that came while it was silent."""
