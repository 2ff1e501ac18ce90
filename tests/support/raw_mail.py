"""Mails made by hand, byte by byte: what a test sends is what a server would give."""

import base64

HEAD = (b"From: Anna Berg <anna@example.se>", b"To: kontakt@kommun.example", b"Message-ID: <1@example.se>")


def letter(body: bytes = b"Hej", *headers: bytes, kind: bytes = b"text/plain; charset=utf-8") -> bytes:
    return b"\r\n".join((*HEAD, b"Content-Type: " + kind, *headers)) + b"\r\n\r\n" + body


def part(kind: bytes, body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join((b"Content-Type: " + kind, *headers)) + b"\r\n\r\n" + body


def multi(subtype: bytes, *parts: bytes, boundary: bytes = b"b0", more: bytes = b"") -> bytes:
    """Return a multipart with its header, to be a part or, with `whole`, a mail."""
    inside = b"".join(b"\r\n--" + boundary + b"\r\n" + one for one in parts) + b"\r\n--" + boundary + b"--\r\n"
    return b"Content-Type: multipart/" + subtype + b'; boundary="' + boundary + b'"' + more + b"\r\n\r\n" + inside


def whole(content: bytes) -> bytes:
    return b"\r\n".join(HEAD) + b"\r\n" + content


def in_base64(data: bytes) -> tuple[bytes, bytes]:
    """Return the encoded bytes and the header that says so."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n"), b"Content-Transfer-Encoding: base64"
