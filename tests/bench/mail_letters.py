"""The mails of the bench: as citizens write them, each with its own Message-ID and sender, of a size asked for."""

import base64
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass

_PHRASES = (
    "soporna är inte hämtade på vår gata sedan förra tisdagen",
    "kärlet står fullt vid grinden",
    "kan någon komma förbi eller ringa oss",
    "vi har anmält det två gånger utan svar",
    "snöröjningen utanför förskolan är också försenad",
    "barnen halkar på väg från bussen",
    "det vore bra att få besked om när plogbilen går",
    "tack på förhand och vänliga hälsningar",
    "gatlyktan vid övergångsstället är släckt",
    "räkningen kom två gånger och vi undrar vilken som gäller",
)
_TRACE = (
    "Received: from mx.example.se (mx.example.se [192.0.2.7])\r\n\tby post.kommun.example with ESMTPS id {n:08x}\r\n"
    "\tfor <{to}>; Mon, 02 Nov 2026 08:15:00 +0100\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.se; s=s1;\r\n\tbh={bh};\r\n\tb={b}\r\n"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail and the Message-ID that it is known by."""

    message_id: str
    data: bytes


def letters(count: int, size: int, *, run: str, to: str) -> Iterator[Letter]:
    """Mails of `size` bytes: half plain, half with HTML beside; from 64 kB on the most of it is an attachment."""
    dice = random.Random(run)
    for number in range(count):
        message_id = f"<{run}.{number}@example.se>"
        head = _head(message_id, number, to, dice)
        if size >= 65_536:
            yield Letter(message_id, _with_files(head, size, 1, dice))
        elif number % 2:
            yield Letter(message_id, _with_html(head, size, dice))
        else:
            yield Letter(message_id, _plain(head, size, dice))


def large(size: int, files: int, *, run: str, to: str) -> Letter:
    """One mail of `size` bytes with so many attachments."""
    dice = random.Random(run)
    message_id = f"<{run}.large@example.se>"
    return Letter(message_id, _with_files(_head(message_id, 0, to, dice), size, files, dice))


def kinds(size: int, count: int) -> dict[str, list[bytes]]:
    """Mails of each kind for the timing of the parser: plain, quoting, HTML alone, HTML beside, a file."""
    dice, to = random.Random("kinds"), "kontakt@kommun.example"

    def head(number: int) -> str:
        return _head(f"<kind.{number}@example.se>", number, to, dice)

    return {
        "plain": [_plain(head(n), size, dice) for n in range(count)],
        "quoting": [_quoting(head(n), size, dice) for n in range(count)],
        "html": [_html_only(head(n), size, dice) for n in range(count)],
        "alternative": [_with_html(head(n), size, dice) for n in range(count)],
        "file": [_with_files(head(n), size, 1, dice) for n in range(count)],
    }


def _head(message_id: str, number: int, to: str, dice: random.Random) -> str:
    trace = _TRACE.format(n=dice.getrandbits(32), to=to, bh=_noise(32, dice), b=_noise(250, dice))
    subject = base64.b64encode(f"Sophämtning och snöröjning, gata {number}".encode()).decode()
    return (
        f"{trace}Message-ID: {message_id}\r\nDate: Mon, 02 Nov 2026 08:14:58 +0100\r\n"
        f"From: =?utf-8?q?G=C3=B6ran_Medborgare?= <{message_id[1:-1].replace('@', '.')}@example.se>\r\nTo: <{to}>\r\n"
        f"Subject: =?utf-8?b?{subject}?=\r\nMIME-Version: 1.0\r\n"
    )


def _plain(head: str, size: int, dice: random.Random) -> bytes:
    start = f"{head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
    return start + _prose(size - len(start), dice)


def _quoting(head: str, size: int, dice: random.Random) -> bytes:
    start = f"{head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
    own = _prose(size // 5, dice) + b"\r\nDen 1 nov. 2026 skrev Kontaktcenter <kontakt@kommun.example>:\r\n"
    quoted = _prose(size - len(start) - len(own), dice).replace(b"\r\n", b"\r\n> ")
    return (start + own + b"> " + quoted)[:size].rstrip(b"\r\n") + b"\r\n"


def _html_only(head: str, size: int, dice: random.Random) -> bytes:
    start = f"{head}Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
    return start + _html(size - len(start), dice)


def _with_html(head: str, size: int, dice: random.Random) -> bytes:
    start = f'{head}Content-Type: multipart/alternative; boundary="b"\r\n\r\n'.encode()
    text = b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    rich = b"\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    room = size - len(start) - len(text) - len(rich)
    return start + text + _prose(room // 3, dice) + rich + _html(room * 2 // 3, dice) + b"\r\n--b--\r\n"


def _with_files(head: str, size: int, files: int, dice: random.Random) -> bytes:
    start = f'{head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n'.encode()
    text = b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    pieces = [start, text, _prose(min(1500, size // 4), dice)]
    room = (size - sum(map(len, pieces))) // files
    for number in range(files):
        pieces.append(
            "\r\n--b\r\nContent-Type: application/pdf\r\n"
            f'Content-Disposition: attachment; filename="bilaga-{number}.pdf"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n".encode()
        )
        pieces.append(_file(room - len(pieces[-1])))
    return b"".join([*pieces, b"\r\n--b--\r\n"])


def _prose(size: int, dice: random.Random) -> bytes:
    lines, length = [], 0
    while length < size:
        line = ", ".join(dice.choices(_PHRASES, k=2)).capitalize().encode() + b".\r\n"
        lines.append(line)
        length += len(line)
    return b"".join(lines)[: max(size, 0)].decode("utf-8", "ignore").rstrip("\r").encode()


def _html(size: int, dice: random.Random) -> bytes:
    """What Outlook makes of a mail: much about the look around few words."""
    start = b'<html><head><style>p.MsoNormal {margin:0cm; font-size:11.0pt}</style></head><body lang="SV">\r\n'
    lines, length = [start], len(start) + 16
    while length < size:
        words = ", ".join(dice.choices(_PHRASES, k=2))
        line = f'<p class="MsoNormal"><span style="color:#1F497D">{words}<o:p></o:p></span></p>\r\n'.encode()
        lines.append(line)
        length += len(line)
    return b"".join([*lines, b"</body></html>\r\n"])


def _file(size: int) -> bytes:
    raw = b"%PDF-1.4\n" + os.urandom(max(size * 3 // 4 * 76 // 78 - 9, 0))
    return base64.encodebytes(raw).replace(b"\n", b"\r\n")


def _noise(length: int, dice: random.Random) -> str:
    return base64.b64encode(dice.randbytes(length)).decode()
