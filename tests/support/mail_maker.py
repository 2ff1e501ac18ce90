"""Mails made by structure, with what was put into them: what a reader must find again."""

import base64
import quopri
import random
from dataclasses import dataclass, field

SWEDISH = ("Åsgatan", "kallt i lägenheten", "översvämning på gården", "Är det öppet på lördag?", "smörgåsbord – “ja”")
CHARSETS = ("utf-8", "iso-8859-1", "windows-1252")
LABELS = ("right", "none", "us-ascii", "x-foo")
ENCODINGS = ("", "8bit", "quoted-printable", "base64")
CONTAINERS = ("mixed", "related", "alternative", "signed", "report", "x-odd", "parallel")


@dataclass
class Made:
    """A mail and the words that its texts hold, each once."""

    raw: bytes = b""
    ascii: list[str] = field(default_factory=list)
    swedish: list[str] = field(default_factory=list)


class Maker:
    """Makes one mail of any shape; all its choices come from `dice`, so that a failure can be made again."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._made = Made()
        self._count = 0

    def mail(self) -> Made:
        """Return a mail with the words in it."""
        content = self._part(0)
        head = [
            b"From: Anna <anna@example.se>",
            b"To: k@kommun.example",
            b"Message-ID: <1@example.se>",
            b"Subject: Hej",
        ]
        self._dice.shuffle(head)
        self._made.raw = self._line().join(head) + b"\n" + content
        return self._made

    def _line(self) -> bytes:
        return self._dice.choice((b"\r\n", b"\n"))

    def _part(self, depth: int) -> bytes:
        kind = self._dice.random()
        if depth < 5 and kind < 0.5 - depth * 0.05:
            return self._container(depth)
        if kind < 0.6:
            return self._file()
        if kind < 0.65 and depth < 3:
            return b"Content-Type: message/rfc822\n\n" + self._part(depth + 1)
        return self._text()

    def _container(self, depth: int) -> bytes:
        self._count += 1
        boundary = self._dice.choice((b"b%d", b"=_%d_x", b"b%d b", b"'%d'")) % self._count
        subtype = self._dice.choice(CONTAINERS).encode()
        parts = [self._part(depth + 1) for _ in range(self._dice.randint(0, 4))]
        if not parts:
            return self._text()
        declared = boundary if self._dice.random() > 0.1 or b" " in boundary else b"another"
        newline = self._line()
        inside = b"".join(newline + b"--" + boundary + newline + one for one in parts)
        end = newline + b"--" + boundary + b"--" + newline if self._dice.random() > 0.15 else newline
        return b"Content-Type: multipart/" + subtype + b'; boundary="' + declared + b'"' + newline * 2 + inside + end

    def _file(self) -> bytes:
        name = self._dice.choice((b'; name="a.pdf"', b"; name*=utf-8''%C3%A5.pdf", b""))
        kind = self._dice.choice(
            (b"application/pdf", b"image/png", b"text/calendar", b"application/octet-stream", b"x")
        )
        return (
            b"Content-Type: " + kind + name + b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"\0\1")
        )

    def _text(self) -> bytes:
        words = [f"ord{self._dice.randrange(10**9)}x{n}" for n in range(self._dice.randint(12, 20))]
        swedish = self._dice.choice(SWEDISH)
        charset = self._dice.choice(CHARSETS)
        said = f"{swedish}\n{' '.join(words)}"
        if charset == "iso-8859-1":
            swedish = swedish.replace("– “ja”", "ja")
            said = said.replace("– “ja”", "ja")
        self._made.ascii.extend(words)
        self._made.swedish.append(swedish)
        page = self._dice.random() < 0.4
        if page:
            said = f"<html><body><p>{said}</p></body></html>"
        label = self._dice.choice(LABELS)
        parameter = {"right": f"; charset={charset}", "none": ""}.get(label, f'; charset="{label}"')
        encoding = self._dice.choice(ENCODINGS)
        head = f"Content-Type: text/{'html' if page else 'plain'}{parameter}\n"
        head += f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
        return head.encode() + b"\n" + self._encoded(said.encode(charset), encoding)

    def _encoded(self, body: bytes, encoding: str) -> bytes:
        if encoding == "base64":
            return base64.encodebytes(body)
        return quopri.encodestring(body) if encoding == "quoted-printable" else body


def damaged(raw: bytes, dice: random.Random) -> bytes:
    """Return a mail with a few wounds of the kinds that gateways and attackers make."""
    wounded = raw
    for _ in range(dice.randint(1, 6)):
        start = dice.randrange(len(wounded) + 1)
        stop = min(len(wounded), start + dice.choice((1, 1, 2, 10, 100)))
        wounds = (
            wounded[:start] + wounded[stop:],
            wounded[:start] + wounded[start:stop] * 3 + wounded[stop:],
            wounded[:start] + dice.randbytes(dice.randint(1, 8)) + wounded[start:],
            wounded[:start] + dice.choice(SPLINTERS) + wounded[start:],
            wounded[:start],
            wounded.replace(b"\n", dice.choice((b"\r", b"\r\r\n", b"\n\n", b"")), dice.choice((1, -1))),
            wounded.swapcase(),
        )
        wounded = dice.choice(wounds)
    return wounded


SPLINTERS = (
    *(
        b"\x00",
        b"\r\n\r\n",
        b"--b1\r\n",
        b"--b1--\r\n",
        b'boundary="',
        b"; name*0*=",
        b"=?utf-8?B?",
        b"?=",
        b"begin 644 x\n",
    ),
    *(b"Content-Type: " + kind + b"\r\n" for kind in (b"multipart/mixed", b"message/rfc822", b"application/ms-tnef")),
    *(b"charset=" + name for name in (b"utf-16", b"utf-7", b"idna", b"undefined", b"punycode", b"\x00")),
    *(b"Content-Transfer-Encoding: " + name + b"\r\n" for name in (b"base64", b"x-uuencode", b"quoted-printable")),
    *(
        b"Content-Type: application/pkcs7-mime\r\n",
        b"format=flowed; delsp=yes",
        b"<!--",
        b"<script>",
        b"&#99999999999;",
    ),
    *(b"-----BEGIN PGP SIGNED MESSAGE-----\n", b"From: \xff <\xc3\xa5@\xc3\xa5.se>\r\n", b"Message-ID: <[<>]>\r\n"),
    *(b"Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80"),
)
