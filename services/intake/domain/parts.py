"""What a mail holds: its words in reading order, its files, and flags on what is special or was wrong."""

import html as entities
import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from services.intake.domain import bodies, cms, names, text, tnef
from services.intake.domain.archives import USUAL, Limits
from services.intake.domain.bodies import Words
from services.intake.domain.names import safe_name
from services.intake.domain.structure import Part, attempt, parse
from services.intake.domain.transfer import body_bytes

__all__ = ["Contents", "File", "attempt", "body_bytes", "contents", "safe_name"]

MAX_WITHIN = 3
"""Mails within mails whose words are looked for when the outer ones say nothing."""
_WORDY = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"})
_SHOWN_ELSEWHERE = frozenset({"text/x-amp-html", "text/watch-html"})
"""Versions of a text for programs that nobody reads this mail with."""
_MAILS = frozenset({"message/rfc822", "message/global", "message/news", "message/partial"})
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_WINMAIL = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_CID = re.compile(r"\bcid:([^\"'\s<>()]{1,250})", re.IGNORECASE)
_HUGE = re.compile(r"&#\w{8,}")
_WORD = re.compile(r"\w{3,}")
MAX_READ = 1_000_000
"""Characters of all texts together that are read; what is shown is far less."""
MAX_COMPARED = 200_000
"""Characters of two versions of a text that are held against each other."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment: a name that is safe anywhere, what it says it is, its bytes, and whether the HTML shows it."""

    name: str
    content_type: str
    data: bytes
    content_id: str | None = None
    inline: bool = False


@dataclass(slots=True)
class Contents:
    """What was found in a mail: texts in reading order, HTML, files, and `flags` on what a reader should know."""

    words: list[Words] = field(default_factory=list)
    spare: list[Words] = field(default_factory=list)
    """Words that stand where no mail program shows them; read only when there are no others."""
    rich: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    within: list[Part] = field(default_factory=list)
    """Mails that lie in this one as files."""
    flags: list[str] = field(default_factory=list)
    said: str = ""
    """All words of the mail; its spare ones where it has no others."""

    def text(self) -> str:
        """Read the words."""
        return _joined(self.words) or _joined(self.spare)

    def says(self) -> bool:
        """Say whether there are words at all, without reading them."""
        return any(one.roughly().strip() for one in self.words)

    def flag(self, *found: str) -> None:
        self.flags.extend(name for name in dict.fromkeys(found) if name not in self.flags)

    def add(self, other: "Contents", *, words: bool = True) -> None:
        """Take over what was found in a part; without its `words` where another version of them was chosen."""
        self.words.extend(other.words if words else ())
        self.spare.extend(other.spare if words else ())
        self.rich.extend(other.rich)
        self.files.extend(other.files)
        self.within.extend(other.within)
        self.flag(*other.flags)


def _joined(words: list[Words]) -> str:
    texts: list[str] = []
    left = MAX_READ
    for one in words:
        if left <= 0:
            break
        texts.append(one.text())
        left -= len(one.rich or one.plain)
    return "\n".join(part.strip("\n") for part in texts if part.strip()).strip()


@dataclass(slots=True)
class _Room:
    """How much more may be taken out of this mail."""

    files: int
    bytes: int
    taken: int = 0


def contents(part: Part, limits: Limits = USUAL) -> Contents:
    """Collect words and files of a mail; an unusable structure is read as the text that it is."""
    room = _Room(limits.files, limits.file_bytes)
    found = _collect(part, room)
    found.said = found.text()
    if sum(len(one.rich or one.plain) for one in found.words) > MAX_READ:
        found.flag("text_cut")
    for _ in range(MAX_WITHIN):
        if found.said or not found.within:
            break
        inner = _collect(found.within.pop(0), _Room(0, 0))
        found.said = inner.text()
        if found.said:
            found.flag("text_within", *(flag for flag in inner.flags if flag != "attachments_cut"))
        found.within.extend(inner.within)
    naming = [page for page in found.rich if "cid:" in page.lower()]  # quick: few name any
    shown = {unquote(name).strip("<>") for page in naming for name in _CID.findall(page)}
    found.files = [replace(file, inline=True) if file.content_id in shown else file for file in found.files]
    return found


def _collect(part: Part, room: _Room) -> Contents:
    found = Contents()
    if part.cut:
        found.flag("parts_cut")
    if part.cut and not part.parts:
        _take_file(part, room, found)
        found.spare.append(Words(text.clean(text.decode(part.decoded(MAX_COMPARED)))))
    elif part.kind == "multipart/alternative" and part.parts:
        _choose(part, room, found)
    elif part.kind.startswith("multipart/"):
        _all(part, room, found)
    else:
        attempt(lambda: _leaf(part, room, found), None)
    return found


def _all(part: Part, room: _Room, found: Contents) -> None:
    """Collect all parts of a multipart in order; frames of signatures and encryption are named, not shown."""
    if part.kind == "multipart/encrypted":
        found.flag("encrypted")
    signed = part.kind == "multipart/signed"
    for one in part.parts:
        if signed and one.kind in _SIGNATURES:
            found.flag("signed")
            continue
        found.add(_collect(one, room))
    around = [Words(text.clean(text.decode(one)).strip()) for one in part.around]
    if not part.parts:
        found.words.extend(around)
    elif not found.words:
        found.spare.extend(around)


def _choose(part: Part, room: _Room, found: Contents) -> None:
    """Collect the versions of one text and keep the words of the best: the plain one, unless it is but a stub.

    Some programs put two texts where two versions of one should stand: then both are kept.
    """
    versions = [_collect(one, room) for one in part.parts]
    told = [n for n, version in enumerate(versions) if version.says()]
    plain = next((n for n in told if not versions[n].rich), None)
    rich = next((n for n in reversed(told) if versions[n].rich), None)
    best = plain if plain is not None else rich
    said = {n: _words(versions[n]) for n in told} if len(told) > 1 else {}
    if plain is not None and rich is not None and len(said[rich] - said[plain]) > max(10, len(said[plain])):
        best = rich
    for number, version in enumerate(versions):
        missing = said[number] - said[best] if number in said and best in said else set()
        found.add(version, words=number == best or not told or len(missing) > max(10, len(said.get(number, ())) // 2))


def _words(said: Contents) -> set[str]:
    rough = " ".join(one.roughly()[:MAX_COMPARED] for one in said.words)
    return set(_WORD.findall(entities.unescape(_HUGE.sub("", rough)).lower()))


def _leaf(part: Part, room: _Room, found: Contents) -> None:
    if part.kind in _SHOWN_ELSEWHERE:
        found.spare.append(bodies.read(part))
    elif part.kind in _WORDY:
        _take_words(part, room, found)
    elif part.kind in _MAILS or part.parts:
        _take_file(part, room, found)
        if part.kind == "message/partial":
            found.flag("partial")
        found.within.extend(part.parts or [parse(part.decoded())])
    elif part.kind in {"message/delivery-status", "message/disposition-notification", "message/feedback-report"}:
        found.spare.append(Words(text.clean(text.decode(part.decoded()[:MAX_COMPARED]))))
    elif part.kind in _WINMAIL or names.written_name(part).lower() == "winmail.dat":
        _open_winmail(part, room, found)
    elif part.kind in _SEALED or cms.is_named_so(names.written_name(part)):
        _open_sealed(part, room, found)
    else:
        _notice(part, found)
        _take_file(part, room, found)


def _notice(part: Part, found: Contents) -> None:
    """Name what a file means for the whole mail."""
    if part.kind == "text/calendar":
        found.flag("calendar")
    elif part.kind == "application/pgp-encrypted":
        found.flag("encrypted")
    elif part.kind == "message/external-body":
        found.flag("elsewhere")


def _take_words(part: Part, room: _Room, found: Contents) -> None:
    """Take a text as words, or as a file if it is one; a file's words are spare ones."""
    disposition = attempt(part.head.get_content_disposition, None)
    attached = disposition == "attachment" or bool(names.written_name(part))
    if attached:
        _take_file(part, room, found)
    if attached and part.end - part.start > MAX_COMPARED:
        return
    said = bodies.read(part)
    (found.spare if attached else found.words).append(said)
    if attached:
        return
    found.flag(*said.flags)
    if said.rich:
        found.rich.append(said.rich)
    for name, data in said.files:
        _keep(name, "application/octet-stream", data, room, found)


def _open_winmail(part: Part, room: _Room, found: Contents) -> None:
    """Open Outlook's winmail.dat; one that does not open is kept as it is."""
    found.flag("winmail")
    data = part.decoded()
    opened = attempt(lambda: tnef.read(data), None)
    if opened is None or not (opened.text or opened.files or opened.rich):
        _take_file(part, room, found)
        return
    found.spare.append(Words(opened.text))
    if opened.rich:
        found.rich.append(opened.rich)
    for file in opened.files:
        _keep(file.name, file.content_type, file.data, room, found, content_id=file.content_id)


def _open_sealed(part: Part, room: _Room, found: Contents) -> None:
    """Say what S/MIME has made of a mail, and read on in what is only signed."""
    data = part.decoded()
    kind = cms.kind(data, part.parameter("smime-type"))
    if kind == "signed":
        inner = attempt(lambda: cms.signed_content(data), None)
        if inner:
            found.flag("signed")
            found.add(_collect(parse(inner), room))
            return
    found.flag(kind)
    _take_file(part, room, found)


def _take_file(part: Part, room: _Room, found: Contents) -> None:
    if room.files <= 0:
        found.flag("attachments_cut")
        return
    data = attempt(part.decoded, part.body)
    identity = text.one_line(str(part.head.get("content-id") or ""))[:250].strip("<> ")
    _keep(names.written_name(part), part.kind, data, room, found, content_id=identity or None)


def _keep(name: str, kind: str, data: bytes, room: _Room, found: Contents, *, content_id: str | None = None) -> None:
    if room.files <= 0 or room.bytes < len(data):
        found.flag("attachments_cut")
        return
    room.files -= 1
    room.taken += 1
    room.bytes -= len(data)
    named = names.safe_name(name) if name else names.default_name(kind, room.taken)
    found.files.append(File(named, kind, data, content_id))
