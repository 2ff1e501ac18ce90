"""S/MIME's envelope (CMS, RFC 5652): whether a mail is encrypted or only signed, and the mail within a signed one.

Only so much of BER is read as leads to the content; whether a signature holds is for the sender's program to say.
"""

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENVELOPED = bytes.fromhex("2a864886f70d010703")
_AUTH_ENVELOPED = bytes.fromhex("2a864886f70d0109100117")
_SUFFIXES = (".p7m", ".p7z")
MAX_LEVELS = 12
MAX_PIECES = 100_000
_OCTETS, _CONSTRUCTED_OCTETS, _SEQUENCE, _CONTENT = 0x04, 0x24, 0x30, 0xA0


def is_named_so(name: str) -> bool:
    """Say whether a file is S/MIME by its name; some gateways lose the type."""
    return name.lower().endswith(_SUFFIXES)


def kind(data: bytes, declared: str = "") -> str:
    """Return `signed` or `encrypted`, as the bytes say, else as the header says; unknown means it cannot be read."""
    start = data[:60]
    if _SIGNED in start:
        return "signed"
    if _ENVELOPED in start or _AUTH_ENVELOPED in start:
        return "encrypted"
    return "signed" if declared.lower().startswith(("signed", "certs")) else "encrypted"


def signed_content(data: bytes) -> bytes | None:
    """Return the mail within an opaque-signed one, or None when it has none (a bare certificate)."""
    outer = _children(data, *_inside(data, 0, _SEQUENCE))
    if len(outer) < 2 or outer[1][0] != _CONTENT:
        return None
    signed = _children(data, *_inside(data, outer[1][1], _SEQUENCE))
    wrapped = next((one for one in signed if one[0] == _SEQUENCE), None)
    content = _children(data, wrapped[1], wrapped[2]) if wrapped else []
    if len(content) < 2 or content[1][0] != _CONTENT:
        return None
    return b"".join(_octets(data, content[1][1], content[1][2], 0)) or None


def _octets(data: bytes, start: int, end: int, level: int) -> list[bytes]:
    """Return the octet strings in a span; a streaming writer cuts one into many."""
    pieces: list[bytes] = []
    for tag, begin, stop in _children(data, start, end):
        if tag == _OCTETS:
            pieces.append(data[begin:stop])
        elif tag == _CONSTRUCTED_OCTETS and level < MAX_LEVELS:
            pieces.extend(_octets(data, begin, stop, level + 1))
    return pieces


def _inside(data: bytes, position: int, wanted: int) -> tuple[int, int]:
    tag, begin, stop, _ = _element(data, position, 0)
    if tag != wanted:
        raise ValueError
    return begin, stop


def _children(data: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    """Return the elements in a span as (tag, where the content begins, where it ends)."""
    found: list[tuple[int, int, int]] = []
    position = start
    while position < end and len(found) < MAX_PIECES:
        tag, begin, stop, position = _element(data, position, 0)
        if tag == 0:
            break
        found.append((tag, begin, stop))
    return found


def _element(data: bytes, position: int, level: int) -> tuple[int, int, int, int]:
    """Return an element's tag, the span of its content, and where the next one begins; an IndexError at the end."""
    if level > MAX_LEVELS:
        raise ValueError
    tag, length = data[position], data[position + 1]
    position += 2
    if length == 0x80:
        begin, pieces = position, 0
        while data[position : position + 2] != b"\x00\x00":
            *_, position = _element(data, position, level + 1)
            pieces += 1
            if pieces > MAX_PIECES or position > len(data):
                raise ValueError
        return tag, begin, position, position + 2
    if length & 0x80:
        count = length & 0x7F
        if count > 4:
            raise ValueError
        length = int.from_bytes(data[position : position + count], "big")
        position += count
    stop = min(position + length, len(data))  # a mail cut on its way still shows what came
    return tag, position, stop, position + length
