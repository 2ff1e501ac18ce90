"""Contacts, and what was written to and fro."""

from dataclasses import dataclass
from datetime import datetime

from shared.vocabulary import Channel

_VAGUE = frozenset({"", "application/octet-stream", "application/x-download", "application/force-download"})
"""What a mail program says when it does not know."""
_KINDS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX",
    "application/vnd.oasis.opendocument.presentation": "ODP",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/vnd.oasis.opendocument.text": "ODT",
    "application/msword": "DOC",
    "application/vnd.ms-excel": "XLS",
    "application/vnd.ms-outlook": "MSG",
    "application/vnd.ms-powerpoint": "PPT",
    "application/vnd.oasis.opendocument": "ODF",
    "application/x-dosexec": "PROGRAM",
    "application/x-executable": "PROGRAM",
    "application/x-msdownload": "PROGRAM",
    "application/x-ms-shortcut": "SHORTCUT",
    "application/x-ole-storage": "OLE",
    "text/x-script": "SCRIPT",
    "application/x-zip-compressed": "ZIP",
    "application/x-pdf": "PDF",
    "application/ms-tnef": "WINMAIL.DAT",
    "image/jpg": "JPEG",
    "image/pjpeg": "JPEG",
    "image/svg+xml": "SVG",
    "message/rfc822": "EML",
    "text/plain": "TXT",
    "text/calendar": "ICS",
    "text/xml": "XML",
}
_ALSO = {"OLE": {"DOC", "XLS", "PPT", "MSG"}, "ODF": {"ODT", "ODS", "ODP"}, "ZIP": {"VND.GOOGLE-EARTH.KMZ"}}
"""Kinds whose bytes are told apart no further than so."""
_MAX_KIND = 24


def kind_of(content_type: str) -> str:
    """Return a short word for a content type: `PDF`, `JPEG`, `DOCX`; nothing for one that says nothing."""
    plain = content_type.partition(";")[0].strip().lower()
    if plain in _VAGUE:
        return ""
    return _KINDS.get(plain) or plain.rpartition("/")[2].removeprefix("x-").upper()[:_MAX_KIND]


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A case type the contact may be about; `confidence` 0 to 1."""

    case_type: str
    unit: str
    unit_name: str
    area: str
    question: str
    confidence: float
    checklist: bool = False


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file that came with a contact.

    `content_type` is what the sender said, `detected_type` what its first bytes are; `scan` is `clean`, `infected`,
    `failed` (not looked at yet) or None where nothing is scanned.
    """

    name: str
    content_type: str
    size: int
    store_key: str
    content_id: str | None = None
    inline: bool = False
    detected_type: str | None = None
    scan: str | None = None
    flags: tuple[str, ...] = ()
    """What is dangerous about it (`executable`, `macros` …)."""

    @property
    def kind(self) -> str:
        """What it is in a word or two, by its bytes where they tell."""
        return kind_of(self.detected_type or self.content_type)

    @property
    def pretends(self) -> str:
        """What the sender says it is, where its bytes are something else; else empty."""
        said = kind_of(self.content_type)
        same = not self.detected_type or said in {"", self.kind} or said in _ALSO.get(self.kind, ())
        return "" if same else said

    @property
    def held(self) -> bool:
        """Whether nobody may fetch it: malicious, or not looked at yet."""
        return self.scan in {"infected", "failed"}


@dataclass(frozen=True, slots=True)
class ContactView:
    """One contact of the case; `current` is the one that is worked on."""

    id: str
    channel: Channel
    entrance: str
    entrance_name: str
    received_at: datetime
    sender_name: str | None
    sender_email: str | None
    sender_phone: str | None
    subject: str
    text: str
    full_text: str
    language: str
    fields: dict[str, str]
    attachments: tuple[AttachmentView, ...]
    flags: tuple[str, ...]
    unreadable: bool
    automatic: bool
    ticket: str | None
    queue: str
    waited_seconds: float
    accepted_at: datetime | None
    ended_at: datetime | None
    epoch: int
    agent_id: str | None
    purged: bool
    current: bool
    why: tuple[str, ...] = ()
    linked_case: str | None = None
    done_at: datetime | None = None
    """When the work on it ended."""
    original_key: str | None = None
    kind: str = "contact"
    """`return_call` when we are to call the citizen, or have."""

    @property
    def held(self) -> bool:
        """Whether nobody may fetch it as it came: a file within it may not be fetched either."""
        return bool({"infected", "not_scanned"} & set(self.flags)) or any(one.held for one in self.attachments)


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """Where something of ours is: `queued sending retrying sent delivered bounced failed`, and `why`, a word."""

    id: str
    """Its id in the queue; what is sent again is called by it."""
    channel: str
    state: str
    attempts: int
    next_at: datetime | None
    sent_at: datetime | None
    recipient: str
    why: str
    detail: str
    delivered_at: datetime | None = None
    """Of an SMS: when it came to the phone."""


@dataclass(frozen=True, slots=True)
class SentFileView:
    """A file that went out with a reply."""

    id: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of the conversation, oldest first; `direction` is `in` or `out`.

    `state` of what is ours: `queued`, `sent`, `delivered`, `failed` or `bounced`; `delivery` says more.
    """

    id: str
    direction: str
    kind: str
    at: datetime
    author: str
    subject: str
    text: str
    state: str = ""
    problem: str = ""
    delivery: DeliveryView | None = None
    files: tuple[SentFileView, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteView:
    """A locked note (tjänsteanteckning)."""

    id: str
    author: str
    author_name: str
    at: datetime
    text: str
    corrections: "tuple[NoteView, ...]" = ()
    """What was added to it because it was wrong, oldest first."""
