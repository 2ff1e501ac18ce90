"""The XML of Open ePlatform, read without trust and in whatever encoding it turns out to be.

DTDs, entities and external references are refused (defusedxml), and so is what is nested or divided beyond reason.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from services.intake.domain.instance import Instance, Listed, Person, Upload
from shared.errors import PermanentError

NAMESPACE = "http://www.oeplatform.org/version/2.0/schemas/flowinstance"
MOST_ELEMENTS = 200_000
DEEPEST = 40
LONGEST_ENCODED = 2_000
"""A value without a space that is longer and reads as Base64 is a picture, not an answer; the original holds it."""
WITHHELD = frozenset({"socialsecuritynumber", "citizenidentifier", "citizenid", "personnummer"})
"""Elements that hold a personnummer: it stays in the original and goes on no topic."""
_PLUMBING = frozenset({"queryid", "name", "file"})
_CHANGING = ("lasteventadded", "laststatuschange", "lastsubmitted", "updated")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NO_CHARACTER = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\\d|3[01]));",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_NUMBERED = re.compile(r"\d+$")


class NotUnderstoodError(PermanentError):
    """It is no XML that we read: broken, hostile, or about something else."""


class _Bounded(TreeBuilder):
    """A tree that is given up when it grows beyond reason."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._depth = 0

    def start(self, tag: str, attrs: Any, /) -> Element:
        """Begin an element."""
        self._count += 1
        self._depth += 1
        if self._count > MOST_ELEMENTS or self._depth > DEEPEST:
            raise NotUnderstoodError("more elements, or deeper, than any form")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """End an element."""
        self._depth -= 1
        return super().end(tag)


def parse(data: bytes, charset: str | None = None) -> Element:
    """Return the root; `charset` is what the header of the answer says. NotUnderstoodError otherwise."""
    text = _DECLARATION.sub("", _decoded(data, charset), count=1)
    try:
        return _tree(text)
    except ParseError:
        mended = _NO_CHARACTER.sub("", text)  # what a citizen pasted and a careless writer let through
        if mended == text:
            raise NotUnderstoodError("is no XML") from None
    try:
        return _tree(mended)
    except ParseError:
        raise NotUnderstoodError("is no XML") from None


def _tree(text: str) -> Element:
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise NotUnderstoodError(f"holds what no answer may hold: {type(error).__name__}") from None
    except (ValueError, RecursionError) as error:
        raise NotUnderstoodError(f"is no XML: {type(error).__name__}") from None
    return root


def _decoded(data: bytes, charset: str | None) -> str:
    """Return the text: by its mark, as UTF-8 where it is that, else as declared, else as Windows would write it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    found = _DECLARED.match(data[:200])
    declared = (found[1].decode() if found else charset or "utf-8").lower()
    try:
        # ISO-8859-1 that is valid UTF-8 and not ASCII is UTF-8 under a wrong name: no Swedish text is both.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    for name in (declared, "cp1252"):
        if name in {"iso-8859-1", "iso8859-1", "latin1", "latin-1", "utf-8", "utf8"}:
            continue  # what calls itself ISO-8859-1 may hold the dashes and quotes of Windows, which it lacks
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return data.decode("latin-1")


def listing(data: bytes, charset: str | None = None) -> list[Listed]:
    """Return the lines of a listing, each instance once, the oldest (lowest id) first."""
    root = parse(data, charset)
    if _name(root) != "flowinstances":
        raise NotUnderstoodError(f"is no listing: {_name(root)[:40]}")
    found = {one.id: one for one in map(_listed, root) if one is not None}
    return sorted(found.values(), key=lambda one: int(one.id))


def _listed(line: Element) -> Listed | None:
    values = {_name(child): _text(child) for child in line if not len(child)}
    number = _id(values.get("flowinstanceid", ""))
    if number is None:
        return None
    said = [f"{name}={values[name]}" for name in _CHANGING if values.get(name)]
    return Listed(number, hashlib.sha256("\n".join(said).encode()).hexdigest()[:32] if said else "")


def instance(data: bytes, charset: str | None = None) -> Instance:
    """Return the instance; NotUnderstoodError when it is none, or has no id or time of submission."""
    root = parse(data, charset)
    header, values = _child(root, "header"), _child(root, "values")
    if root.tag != f"{{{NAMESPACE}}}FlowInstance" or header is None:
        raise NotUnderstoodError(f"is no flow instance of the namespace {NAMESPACE}")
    flow = _child(header, "flow")
    number, submitted = _id(_of(header, "flowinstanceid")), _of(header, "lastsubmitted")
    if number is None or not submitted:
        raise NotUnderstoodError("has no FlowInstanceID or LastSubmitted")
    asked = list(values) if values is not None else []
    owners, posters = _people(header, "owner"), _people(header, "poster")
    return Instance(
        id=number,
        family=_of(flow, "familyid"),
        submitted=submitted[:40],
        form=_of(flow, "name"),
        version=_of(flow, "version"),
        people=(*_contacts(asked), *(owners or posters)),
        fields=_fields(asked),
        files=tuple(_uploads(asked)),
    )


def _fields(asked: list[Element]) -> dict[str, object]:
    """Return the answers by the words of their questions; questions of the same words are numbered in order."""
    answers = [(_label(one), answer) for one in asked if _open(one) and (answer := _answer(one)) not in ("", {}, [])]
    labels = [label for label, _ in answers]
    seen: dict[str, int] = {}
    fields: dict[str, object] = {}
    for label, answer in answers:
        seen[label] = seen.get(label, 0) + 1
        fields[f"{label} {seen[label]}" if labels.count(label) > 1 else label] = answer
    return fields


def _label(one: Element) -> str:
    return _of(one, "name") or one.tag.rpartition("}")[2]


def _answer(one: Element) -> object:
    parts: dict[str, list[object]] = {}
    for child in one:
        if _name(child) not in _PLUMBING and _open(child):
            value = _inner(child)
            if value not in ("", {}, []):
                parts.setdefault(child.tag.rpartition("}")[2], []).append(value)
    if not len(one):
        return _plain(one)
    plain: dict[str, object] = {name: values[0] if len(values) == 1 else values for name, values in parts.items()}
    return plain["Value"] if list(plain) == ["Value"] else plain


def _inner(one: Element) -> object:
    return _answer(one) if len(one) else _plain(one)


def _plain(one: Element) -> str:
    text = _text(one)
    tight = "".join(text.split())
    return "" if len(tight) > LONGEST_ENCODED and _ENCODED.fullmatch(tight) else text


def _open(one: Element) -> bool:
    return _NUMBERED.sub("", _name(one)) not in WITHHELD


def _contacts(asked: list[Element]) -> Iterator[Person]:
    """Yield who says in the form how to be reached: names beside an address or a number."""
    for one in asked:
        person = _person(one)
        if person.name and (person.email or person.phone):
            yield person


def _people(header: Element, name: str) -> list[Person]:
    return [_person(one) for one in header if _name(one) == name]


def _person(one: Element) -> Person:
    name = " ".join(part for part in (_of(one, "firstname"), _of(one, "lastname")) if part)
    phone = _of(one, "mobilephone") or _of(one, "phone")
    return Person(name[:300] or None, _of(one, "email")[:320] or None, phone[:60] or None)


def _uploads(asked: list[Element]) -> Iterator[Upload]:
    for one in asked:
        query = _id(_of(one, "queryid")) or ""
        for file in one:
            number = _id(_of(file, "id"))
            if _name(file) == "file" and number is not None:
                yield Upload(query, number, _of(file, "name")[:500] or "file", _bytes(_of(file, "encodeddata")))


def _bytes(encoded: str) -> bytes | None:
    """Return a file that stands in the XML itself; None when it must be fetched."""
    if not encoded:
        return None
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _id(text: str) -> str | None:
    """Return an id as the platform numbers things; anything else would become part of an address."""
    plain = text.strip()
    return plain if re.fullmatch(r"[0-9]{1,18}", plain) else None


def _child(one: Element, name: str) -> Element | None:
    return next((child for child in one if _name(child) == name), None)


def _of(one: Element | None, name: str) -> str:
    found = _child(one, name) if one is not None else None
    return _text(found) if found is not None else ""


def _name(one: Element) -> str:
    return one.tag.rpartition("}")[2].lower()


def _text(one: Element) -> str:
    return (one.text or "").strip()
