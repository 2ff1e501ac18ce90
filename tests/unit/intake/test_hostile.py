"""No mail takes long to read, however it is made: every pass is linear or cut."""

import time

import pytest

from services.intake.domain import bounce, mail
from services.intake.domain.automatic import why_automatic

HEAD = b"From: mailer-daemon@x.se\r\nMessage-ID: <1@x>\r\nContent-Type: text/"
MANY = 200_000
HOSTILE = {
    "name": b"From: " + b"n" * MANY * 3 + b" <a@b.se>\r\n\r\nx",
    "recipients": b"To: " + b"@," * MANY + b"\r\n\r\nx",
    "references": b"References: " + b"<" * MANY + b"\r\n\r\nx",
    "words": b"Subject: " + b"=?" * MANY + b"\r\n\r\nx",
    "many words": b"Subject: " + b"=?utf-8?q?a?= " * MANY + b"\r\n\r\nx",
    "empty lines": HEAD + b"plain\r\n\r\n" + b"\n" * MANY,
    "sign-offs": HEAD + b"plain\r\n\r\n" + b"mvh\n" * MANY,
    "introductions": HEAD + b"plain\r\n\r\n" + b"Den x skrev y:\n\n" * MANY,
    "dashes": HEAD + b"plain\r\n\r\n" + b"- " * MANY + b":",
    "wrote": HEAD + b"plain\r\n\r\n" + b"skrev " * MANY + b":",
    "crossed": HEAD + b"html\r\n\r\n" + b"<b>" * MANY + b"</i>" * MANY,
    "nested": HEAD + b"html\r\n\r\n" + b"<blockquote>" * MANY,
    "comments": HEAD + b"html\r\n\r\n" + b"<!--" * MANY,
    "attributes": HEAD + b"html\r\n\r\n" + b"<a " * MANY,
    "entities": HEAD + b"html\r\n\r\n" + b"&" * MANY,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_it_is_read_in_bounded_time(raw: bytes) -> None:
    started = time.process_time()
    read = mail.read(raw)
    bounce.find(read)
    why_automatic(read)
    assert time.process_time() - started < 5
