"""What a mail is: read with the legacy parser, every header in a guard, nothing lost and nothing raised."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from services.intake.domain import parts, quoted, structure, text
from services.intake.domain.archives import USUAL, Limits
from services.intake.domain.structure import attempt

MAX_TEXT = 40_000
MAX_FULL_TEXT = 100_000
"""Characters on the event; both together stay far under Kafka's 1 MB. The original holds the rest."""
MAX_SUBJECT = 500
MAX_NAME = 300
MAX_ADDRESS = 320
MAX_REFERENCES = 40
_SEPARATORS = re.compile(r"[\s<>\"',;:()\[\]]+")
MAX_HEADER = 20_000
"""Characters of a header that are read: what is longer was not written by a person."""
_ANGLED = re.compile(
    r"^((?:\"(?:[^\"\\]|\\.)*+\"|\([^()\\]{0,200}+\)|[^<\"])*+)<\s*(?:@[^:<>\s]{1,500}:)?([^\s<>,;\"]+@[^\s<>,;@]+)\s*>",
    re.DOTALL,
)
"""A name and an address in angles: one within the quotes or brackets of the name is a part of the name."""
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*+(\"?)", re.DOTALL)
"""What is quoted, or never ended: one that matched only what ends would look for it from every quote anew."""
_QUOTED_LOCAL = re.compile(r"(?:^|[<\s])\"((?:[^\"\\\r\n]|\\.){1,64})\"@([\w.-]{1,255})(?=$|[>\s(,;])")
_ASIDE = re.compile(r"\(.*\)|\(.*", re.DOTALL)
"""Everything that may be a comment, nested or never ended."""
_MOST_FROM = 20
"""From headers of a mail from which on none is believed; one is what there may be."""
_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+")
_PASSED_ON = re.compile(r"^\W*(?:vb|vs|vl|fw|fwd|wg|tr)\W*:", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>]+>")
_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc", "resent-to")


@dataclass(frozen=True, slots=True)
class Headers:
    """The header lines as they came, in order; names without regard to case."""

    lines: tuple[tuple[str, str], ...] = ()

    def raw(self, name: str) -> str | None:
        """Return the first value of a header undecoded (surrogates stand for 8-bit bytes), or None."""
        return next((value for key, value in self.lines if key == name), None)

    def all(self, name: str) -> list[str]:
        """Return every value of a header, undecoded."""
        return [value for key, value in self.lines if key == name]

    def text(self, name: str) -> str:
        """Return the first value of a header as readable text, empty when it is missing."""
        return text.header_text((self.raw(name) or "")[:MAX_HEADER])


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as intake understands it; `own` is what the writer wrote now, `full` all words."""

    message_id: str
    """As the sender gave it, in angle brackets; made from sender, date and subject when there is none."""
    identified: bool
    headers: Headers
    sender_name: str | None
    sender_address: str | None
    recipients: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    references: tuple[str, ...]
    """Oldest first; what In-Reply-To names is last."""
    own: str
    full: str
    files: tuple[parts.File, ...] = ()
    flags: tuple[str, ...] = ()
    unreadable: bool = False
    structure: Message = field(default_factory=Message, repr=False, compare=False)


def read(raw: bytes, limits: Limits = USUAL) -> Mail:
    """Read a mail; one that cannot be read becomes an `unreadable` one with what could be, never an error."""
    mail = attempt(lambda: _read(raw, limits), None)
    return mail or nothing(raw)


def body_of(raw: bytes) -> bytes:
    """Return what stands after the header: the part of a mail that relays do not change."""
    found = re.search(rb"\r?\n\r?\n", raw)
    return raw[found.end() :] if found else raw


def _read(raw: bytes, limits: Limits = USUAL) -> Mail:
    root = structure.parse(raw)
    headers = Headers(tuple((name.lower(), value) for name, value in root.lines))
    return _mail(headers, parts.contents(root, limits), structure.tree(root))


def _mail(headers: Headers, found: parts.Contents, tree: Message) -> Mail:
    full = found.said
    name, address = sender(headers)
    given = message_ids(headers.raw("message-id") or "")
    subject = headers.text("subject")
    own = quoted.own_words(full[:MAX_FULL_TEXT], forwarded=bool(_PASSED_ON.match(subject)))
    noticed = _notices(headers, address=address, own=own, full=full, identified=bool(given))
    return Mail(
        message_id=given[0] if given else _made_up_id(headers, full),
        identified=bool(given),
        headers=headers,
        sender_name=name[:MAX_NAME] if name else None,
        sender_address=address,
        recipients=recipients(headers),
        subject=subject[:MAX_SUBJECT],
        sent_at=sent_at(headers),
        references=references(headers),
        own=own[:MAX_TEXT],
        full=full[:MAX_FULL_TEXT],
        files=tuple(found.files),
        flags=tuple(dict.fromkeys((*found.flags, *noticed))),
        # Neither a header nor a word nor a file: somebody must look at the original.
        unreadable=not headers.lines or not (full or found.files or headers.raw("subject")),
        structure=tree,
    )


def _notices(headers: Headers, *, address: str | None, own: str, full: str, identified: bool) -> list[str]:
    notices = {
        "no_sender": address is None,
        "no_message_id": not identified,
        "text_cut": len(own) > MAX_TEXT or len(full) > MAX_FULL_TEXT,
        "several_senders": address is not None and not _alone(headers, address),
    }
    return [name for name, seen in notices.items() if seen]


def _alone(headers: Headers, address: str) -> bool:
    """Say whether From names this one address and nothing that another reader could take for one.

    Whose mail it is was proved by mail servers that read From their way, and Sender and Reply-To not at all: where
    an address may hide in a name, a comment or an encoded word, ours may not be the one that they have looked at.
    """
    values = headers.all("from")[:_MOST_FROM]
    whole = {word for value in values for word in _like_addresses(value)}
    bare = {word for value in values for word in _like_addresses(_bare(value))}
    return whole == bare == {address} and len(values) < _MOST_FROM and all(len(value) <= MAX_HEADER for value in values)


def _bare(value: str) -> str:
    return text.without_words(_ASIDE.sub(" ", _QUOTED.sub("", value[:MAX_HEADER])))


def _like_addresses(value: str) -> list[str]:
    words = _SEPARATORS.split(text.header_text(value[:MAX_HEADER]).lower())
    return [word.strip(".") for word in words if "@" in word]


def sent_at(headers: Headers) -> datetime | None:
    """Return when the mail says that it was written, always with a zone; None for a date that cannot be."""
    said = attempt(lambda: parsedate_to_datetime(headers.text("date")[:200]), None)
    if said is None or not 1980 <= said.year <= 2200:
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def nothing(raw: bytes) -> Mail:
    """Return the unreadable mail: what a line-by-line look finds when the parser gives up."""
    head = raw[:20_000].partition(b"\n\n")[0].replace(b"\r", b"")
    pairs = (line.partition(b":") for line in head.split(b"\n") if b":" in line)
    headers = Headers(
        tuple((k.decode("latin-1").lower(), v.strip().decode("ascii", "surrogateescape")) for k, _, v in pairs)
    )
    full = text.clean(text.decode(body_of(raw)[:MAX_FULL_TEXT]))
    seen = _mail(headers, parts.Contents(said=full), Message())
    return Mail(**{name: getattr(seen, name) for name in Mail.__slots__ if name != "unreadable"}, unreadable=True)


def _made_up_id(headers: Headers, full: str) -> str:
    """Return an id for a mail without one: the same mail delivered twice gets the same.

    A mail without a header of its own is told from others by its words and by whom the server had it from.
    """
    named = "\n".join(headers.raw(name) or "" for name in ("from", "date", "subject"))
    if not named.strip():
        named = f"{headers.raw('return-path') or ''}\n{full}"
    return f"<{hashlib.sha256(named.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}@saknas.invalid>"


def sender(headers: Headers) -> tuple[str | None, str | None]:
    """Return name and address of the writer: From, or Sender and Reply-To where From names no address."""
    for header in ("from", "sender", "reply-to"):
        value = (headers.raw(header) or "")[:MAX_HEADER]
        if not value:
            continue
        name, address = _first_address(value)
        if address and len(address) <= MAX_ADDRESS:
            return name, address
    return None, None


def addresses(value: str) -> list[str]:
    """Return the mail addresses in a text, in small letters; in one pass, however long the text is."""
    words = (word.strip(".").lower() for word in _SEPARATORS.split(value))
    return [word for word in words if word.count("@") == 1 and 2 < len(word) <= MAX_ADDRESS and word.strip("@") == word]


def _first_address(value: str) -> tuple[str | None, str | None]:
    angled = _ANGLED.match(value)
    if angled and not _lists(angled[1]):
        return _name(angled[1]), text.header_text(angled[2]).lower()
    local = _QUOTED_LOCAL.search(value)
    if local:
        plain = local[1].replace("\\", "")
        box = plain if _ATOM.fullmatch(plain) else f'"{plain}"'
        return _name(value[: local.start()]), text.header_text(f"{box}@{local[2]}").lower()
    nobody: list[tuple[str, str]] = []
    pairs = attempt(lambda: getaddresses([value]), nobody)
    for name, address in pairs:
        plain = text.header_text(address).lower()
        if addresses(plain) == [plain]:
            return text.header_text(name) or None, plain
    written = text.header_text(_unquoted(value))
    found = addresses(written)
    if not found:
        return None, None
    return written[: written.lower().find(found[0])].strip(" <\"'") or None, found[0]


def _unquoted(value: str) -> str:
    return _QUOTED.sub(lambda found: "" if found[1] else found[0], value)


def _lists(before: str) -> bool:
    """Say whether an address stands before the one in angles as the first of a list, not as the writer's name."""
    plain = text.without_words(_unquoted(before))
    return "@" in plain and bool(re.search(r"[,;:]", plain))


def _name(value: str) -> str | None:
    return text.header_text(value.strip().strip('"').replace('\\"', '"')).strip("'\" ") or None


def recipients(headers: Headers) -> tuple[str, ...]:
    """Return every address the mail was sent to, the one it was delivered to first."""
    seen: dict[str, None] = {}
    for header in _RECIPIENTS:
        for value in headers.all(header):
            seen |= dict.fromkeys(addresses(text.header_text(value[:MAX_HEADER])))
    return tuple(seen)[:100]


def message_ids(value: str) -> list[str]:
    """Return the message ids in a header, in angle brackets; brackets inside (Exchange) and missing ones are read."""
    plain = text.header_text(value[: 2 * MAX_HEADER])
    found = _MESSAGE_ID.findall(plain)
    if not found and "@" in plain:
        found = [f"<{word.strip('<>')}>" for word in plain.split() if "@" in word]
    return [one[:998] for one in found]


def references(headers: Headers) -> tuple[str, ...]:
    """Return the thread, oldest first, what this answers last."""
    thread = message_ids(headers.raw("references") or "")
    answered = message_ids(headers.raw("in-reply-to") or "")
    ordered = [one for one in thread if one not in answered] + answered
    return tuple(dict.fromkeys(ordered))[-MAX_REFERENCES:]
