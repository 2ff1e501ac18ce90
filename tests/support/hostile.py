"""What strangers send: signed and unsigned webhooks, mails nobody should write, records that are no events."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from deploy.demo.stack_info import StackInfo
from shared.ids import new_id

_SERIAL = itertools.count(1)
BROKEN_MAILS = {
    "boundary": b"Content-Type: multipart/mixed; boundary=aaa\r\n\r\n--bbb\r\nContent-Type: text/plain\r\n\r\n"
    b"Den riktiga texten\r\n--bbb--\r\n",
    "charset": b"Subject: Okand teckenkod\r\nContent-Type: text/plain; charset=x-foo\r\n\r\nDen riktiga texten\r\n",
    "base64": b"Subject: Trasig kodning\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!Den riktiga texten\r\n",
    "nul": b"Subject: NUL\x00 mitt i\r\n\r\nDen riktiga\x00 texten\r\n",
    "raw8": "Subject: Översvämning\r\n\r\nDen riktiga texten\r\n".encode("latin-1"),
    "nest": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(60))
    + b"\r\nDen riktiga texten\r\n",
    "injected": b"Subject: =?utf-8?q?Hej=0D=0ABcc:_offer@hostile.example=0D=0A=0D=0Ahej?=\r\n"
    b"References: <a@b>\r\n =?utf-8?q?=0D=0ABcc:_offer@hostile.example?=\r\n\r\nDen riktiga texten\r\n",
    "markup": b"Subject: <script>alert(1)</script>\r\nContent-Type: text/html\r\n\r\n"
    b"Den riktiga texten <img src=x onerror=alert(2)>&lt;script&gt;alert(3)&lt;/script&gt;\r\n",
    "path": b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\nContent-Type: text/plain\r\n\r\nDen riktiga "
    b'texten\r\n--q\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename="../../../etc/x.zip"'
    b"\r\n\r\nPK\r\n--q--\r\n",
}
"""By name: the rest of a mail, from the last of its headers on."""


def address(name: str) -> str:
    """Return the address that a stranger writes from."""
    return f"{name}@hostile.example"


def mail(name: str, rest: bytes, *, headers: bytes = b"", sender: bool = True) -> bytes:
    """Return a mail to the shared inbox as bytes, as it would never be built."""
    number = next(_SERIAL)
    head = b"Message-ID: <%d.%s@hostile.example>\r\nTo: kontakt@kommun.example\r\n" % (number, new_id().encode())
    return (b"From: " + address(name).encode() + b"\r\n" if sender else b"") + head + headers + rest


def submission(**changes: Any) -> dict[str, Any]:
    """Return a sound form submission with `changes`; None takes a value away."""
    sound = {
        "form": "kontakta-oss",
        "submission_id": f"hostile-{new_id()}",
        "submitted_at": datetime.now(UTC).isoformat(),
        "applicant": {"name": "Invånare"},
        "fields": {"arende": "När har biblioteket öppet på lördagar?"},
        "attachments": [],
    }
    return {name: value for name, value in (sound | changes).items() if value is not None}


class FormDoor:
    """Posts bodies to the door of the e-services, signed as told."""

    def __init__(self, info: StackInfo, http: httpx.AsyncClient) -> None:
        self._info = info
        self._http = http

    async def post(
        self, body: Any, *, secret: str | None = None, age: timedelta = timedelta(), **headers: str
    ) -> httpx.Response:
        """Post a body (anything but text goes as JSON), signed with the right secret and now unless told otherwise."""
        text = body if isinstance(body, str) else json.dumps(body)
        at = datetime.now(UTC) - age
        webhook_id = f"msg_{new_id()}"
        signed = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self._info.webhook_secret).sign(webhook_id, at, text),
            "content-type": "application/json",
        }
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._http.post(f"{self._info.intake}/webhooks/forms", content=text, headers=signed | more)
