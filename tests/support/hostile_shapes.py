"""Mails that are made to take long: each shape repeats one unit as often as it is asked to."""

from collections.abc import Callable

HEAD = b"From: anna@example.se\r\nMessage-ID: <1@x>\r\nContent-Type: "
Shape = Callable[[int], bytes]


def head(unit: bytes, before: bytes = b"", after: bytes = b"\r\n\r\nx") -> Shape:
    return lambda many: before + unit * many + after


def plain(unit: bytes, *, label: bytes = b"", before: bytes = b"", after: bytes = b"") -> Shape:
    return lambda many: HEAD + b"text/plain" + label + b"\r\n\r\n" + before + unit * many + after


def page(unit: bytes, before: bytes = b"", after: bytes = b"") -> Shape:
    return lambda many: HEAD + b"text/html\r\n\r\n" + before + unit * many + after


def multipart(unit: bytes, kind: bytes = b"mixed; boundary=a", after: bytes = b"") -> Shape:
    return lambda many: HEAD + b"multipart/" + kind + b"\r\n\r\n" + unit * many + after


BASE64 = b"\r\nContent-Transfer-Encoding: base64"
QUOTED = b"\r\nContent-Transfer-Encoding: quoted-printable"
FLOWED = b"; format=flowed"
SHAPES: dict[str, Shape] = {
    "name": head(b"n", b"From: ", b" <a@b.se>\r\n\r\nx"),
    "senders": head(b"From: a@b.se, c@d.se\n"),
    "quotes in a sender": head(b'"', b"From: "),
    "brackets in a sender": head(b"(<", b"From: "),
    "senders of quotes that never end": lambda many: (
        b"From: a@b.se\n" + (b'From: "' + rb"\"" * 9_000 + b"\n") * (many // 250) + b"\nx"
    ),
    "recipients": head(b"@,", b"To: "),
    "references": head(b"<", b"References: "),
    "words": head(b"=?", b"Subject: "),
    "many words": head(b"=?utf-8?q?a?= ", b"Subject: "),
    "open words": head(b"=?a?q?", b"Subject: "),
    "headers": head(b"a: b\n"),
    "folds": head(b" b\n", b"Subject: a\n"),
    "parameters": head(b";a=b", b"Content-Type: text/plain"),
    "quoted parameters": head(b";", b'Content-Type: text/plain; a="'),
    "cut parameters": head(b";a*0*=b", b"Content-Type: text/plain"),
    "delimiters": multipart(b"--a\n"),
    "delimiters in a line": multipart(b"--a"),
    "parts": multipart(b"--a\n\nx\n"),
    "versions": multipart(b"--a\n\nx\n", b"alternative; boundary=a"),
    "mails in a digest": multipart(b"--a\n\nx\n", b"digest; boundary=a"),
    "other delimiters": multipart(b"--b\nX: y\n"),
    "levels": lambda many: b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(many // 20)
    ),
    "mails within": head(b"Content-Type: message/rfc822\r\n\r\n"),
    "statuses": multipart(b"a: b\n\n", b"report; boundary=a\r\n\r\n--a\nContent-Type: message/delivery-status\n"),
    "lines of base64": plain(b"a\n", label=BASE64),
    "paddings": plain(b"YQ==\n", label=BASE64),
    "no base64": plain(b"YQ==\na b\n", label=BASE64),
    "escapes": plain(b"=\n=3", label=QUOTED),
    "returns": plain(b"\r"),
    "odd letters": plain(b"\xc3\xa5\xe5", label=b"; charset=utf-8"),
    "undefined letters": plain(b"\x81"),
    "files in a text": plain(b"begin 644 a\n", after=b"\nend"),
    "flowed": plain(b"a \n", label=FLOWED),
    "flowed quotations": plain(b"> a \n>> b \n", label=FLOWED),
    "empty lines": plain(b"\n"),
    "sign-offs": plain(b"mvh\n"),
    "dashed lines": plain(b"--\n"),
    "introductions": plain(b"Den x skrev y:\n\n"),
    "introductions and quotations": plain(b"On 3 10:10 a@b wrote:\n> x\n"),
    "wrapped introductions": plain(b"Den 3 maj <a@b>\n"),
    "headers of quotations": plain("Från: a@b\n".encode()),
    "rules": plain(b"________\n"),
    "dashes": plain(b"- ", after=b":"),
    "wrote": plain(b"skrev ", after=b":"),
    "armour": plain(b"-----BEGIN PGP SIGNED MESSAGE-----\nA: b\n"),
    "crossed": lambda many: HEAD + b"text/html\r\n\r\n" + b"<b>" * many + b"</i>" * many,
    "nested": page(b"<blockquote>x"),
    "comments": page(b"<!--"),
    "attributes": page(b"<a "),
    "open quotes": page(b"<a \"<b '"),
    "entities": page(b"&"),
    "open scripts": page(b"<script>"),
    "open styles": page(b"<style", before=b"<style>"),
    "declarations": page(b"<!["),
    "marked blocks": page(b'<div class="gmail_signature" style=a>x'),
    "words in a line": page(b"<i>x</i> "),
    "lists": page(b"<li>x"),
    "versions with html": multipart(
        b"<style>", b"alternative; boundary=a\r\n\r\n--a\n\nhej\n--a\nContent-Type: text/html\n", b"\n--a--"
    ),
}
