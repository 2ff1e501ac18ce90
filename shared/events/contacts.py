"""The facts of `contacts`: what came in. The only topic that holds personal data."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared import topics
from shared.events.base import ByContact
from shared.vocabulary import Channel

Scan = Literal["clean", "infected", "failed"]
"""What the virus scanner said of a file: `failed` is no verdict, and it is asked again."""


class Sender(BaseModel):
    """Who contacted us, as far as they said; any part may be missing."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Attachment(BaseModel):
    """One file of a contact; its bytes lie in the originals store under `store_key`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str
    content_type: str
    size: int
    store_key: str
    content_id: str | None = None
    """What the mail's HTML calls it (`cid:`), without angle brackets."""
    inline: bool = False
    """It is shown within the mail's text: a picture that the HTML names, not a file somebody attached."""
    detected_type: str | None = None
    """What its first bytes are, where they tell; `content_type` is only what the sender said."""
    scan: Scan | None = None
    """What the virus scanner said; None where there is none. Only a clean or unscanned file may be handed out."""
    flags: tuple[str, ...] = ()
    """What is dangerous about it: `executable`, `type_mismatch`, `macros`, `encrypted`, `archive_too_large` …"""


class ContactReceived(ByContact):
    """A citizen has reached us, and the original is stored."""

    event_type = "contact.received.v1"
    topic = topics.CONTACTS
    channel: Channel
    entrance: str
    unit: str
    language: str = "sv"
    received_at: datetime
    sender: Sender = Sender()
    person_key: str | None = None
    subject: str = ""
    text: str = ""
    """The citizen's own words, without quoted thread and signature; what matching reads."""
    full_text: str = ""
    fields: dict[str, str] = Field(default_factory=dict)
    form: str | None = None
    attachments: tuple[Attachment, ...] = ()
    original_key: str | None = None
    """Where the original lies (`shared.originals`), if there is one."""
    message_id: str | None = None
    references: tuple[str, ...] = ()
    call_id: str | None = None
    tells_connected: bool = False
    """Its telephony says when it is through to who accepted (`call.connected`), or is not (`call.not_answered`)."""
    ticket: str | None = None
    automatic: bool = False
    """A machine wrote it: never answered by a receipt."""
    unreadable: bool = False
    """It could not be read; the original is kept and a person must look."""
    flags: tuple[str, ...] = ()
    """What the door noticed: `unknown_entrance`, `token_mismatch`, `no_fields`, `infected` (a file of it) …"""
    linked_case: str | None = None
    """A case that this may concern, not proven (another sender used its token)."""
    tagged_case: str | None = None
    """The number of a case that its subject names, unless the token proves which it follows."""
    queue_owner: str | None = None
    """Whose queue it waits in, when it is not ours: `pbx`, `qmatic`. It is routed and matched, and never offered."""


class ContactFollowedUp(ContactReceived):
    """A citizen has answered in a thread of ours, and the token proves which case it `follows`."""

    event_type = "contact.followed_up.v1"
    follows: str
    """Case id."""


class ContactReread(ContactReceived):
    """The stored original was read anew, as after an upgrade: what is said here takes the place of what was said."""

    event_type = "contact.reread.v1"


class ContactEnded(ByContact):
    """The citizen is gone: the caller hung up or the visitor left."""

    event_type = "contact.ended.v1"
    topic = topics.CONTACTS
    ended_at: datetime
    reason: str
    talk_seconds: float | None = None
    abandoned: bool | None = None
    """Whether it ended before anybody had talked; None where nobody can say (a visit, a record of before)."""
    short: bool | None = None
    """Whether it was abandoned so soon that nobody could have answered: counted apart."""
    waited_seconds: float | None = None
    """From its arrival until somebody talked, or until it ended."""


class CallConnected(ByContact):
    """The call is through: agent and citizen hear each other, said by their telephony."""

    event_type = "call.connected.v1"
    topic = topics.CONTACTS
    epoch: int
    """The router's fencing number of the acceptance that it is about."""
    at: datetime
    exact: bool = True
    """False: telephony only said nothing of a phone that is busy or silent, for as long as one can ring; or that the
    conversation is over. Then `at` is when her phone was rung."""


class CallNotAnswered(ByContact):
    """The agent's phone was busy, silent or not to be reached; the caller still waits."""

    event_type = "call.not_answered.v1"
    topic = topics.CONTACTS
    epoch: int
    """The router's fencing number of the acceptance that it is about."""
    at: datetime
    attempt: int = 1
    """How many times somebody's phone has not answered this caller, this time included."""
    reason: str = ""
    """`busy`, `failed` or `no_phone`."""


class ContactAnswered(ByContact):
    """A live contact was answered outside the router: the exchange, or the reception, says by whom."""

    event_type = "contact.answered.v1"
    topic = topics.CONTACTS
    answered_at: datetime
    """Of two answers of one contact the later one counts."""
    agent_id: str | None = None
    """The agent who has it now; None: somebody who is no agent of ours."""
    takes_over: bool = False
    """An agent who holds it already gives it up: the exchange has moved the call. Otherwise she keeps it."""


class ContactGivenBack(ByContact):
    """Whoever had answered a live contact outside has given it back: it waits again in the queue that is not ours."""

    event_type = "contact.given_back.v1"
    topic = topics.CONTACTS
    given_back_at: datetime
    """An answer of after it counts, one of before it does not."""
    queue_owner: str
    """Whose queue it waits in."""


class ContactBounced(ByContact):
    """A mail of ours came back undelivered; `contact_id` is the bounce, `message_id` our mail."""

    event_type = "contact.bounced.v1"
    topic = topics.CONTACTS
    message_id: str | None
    recipient: str | None
    status: str | None = None
    permanent: bool = True
    bounced_at: datetime


class FileScanned(BaseModel):
    """What a later scan said of one file of a contact."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    store_key: str
    """As the contact named it."""
    scan: Scan
    now_key: str | None = None
    """Where its bytes lie now, if they were moved (an infected file is)."""


class ContactScanned(ByContact):
    """Files that could not be scanned when their contact came in have been; each is named once, with its verdict."""

    event_type = "contact.scanned.v1"
    topic = topics.CONTACTS
    files: tuple[FileScanned, ...]
    scanned_at: datetime


class ContactPurged(ByContact):
    """The contact is erased: whoever holds its data must erase it too."""

    event_type = "contact.purged.v1"
    topic = topics.CONTACTS
    purged_at: datetime
    reason: str
