"""Invented citizens who ring, write, visit and file e-services through the doors that real ones use."""

import asyncio
import itertools
import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib
import httpx
from standardwebhooks.webhooks import Webhook

from deploy.demo.messages import CitizenMessage
from deploy.demo.stack_info import StackInfo
from shared.ids import case_type_id, natural_contact_id

NUMBERS = {"Bostadsbolag": "+46846500410", "Bygg och plan": "+46846500420", "Gata och park": "+46846500430"}
SWITCHBOARD = "+46846500400"
FORMS = {"Bostadsbolag": "kontakta-bostad", "Gata och park": "felanmalan-gata"}
FORM_OF_ONE_MATTER = {
    "Bostadsbolag | Felanmälan | Något har gått sönder i lägenheten, tar ni emot anmälan?": "felanmalan-bostad"
}
"""A form that is made for one case type only, by the type's path."""
DEADLINE = 10.0


@dataclass
class Citizens:
    """Sends one message at a time by its channel; `sent` counts what the doors have accepted.

    `scale` is how many seconds of the day pass in one real second: it shortens talk and patience.
    """

    stack: StackInfo
    http: httpx.AsyncClient
    scale: float = 1.0
    who: str = "invanare"
    """Their addresses are `<who>-<number>@invanare.example`."""
    sent: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    abandoned: int = 0
    spoken: dict[str, str] = field(default_factory=dict)
    """What an agent hears: by contact, the case type that a caller or visitor is there for."""
    troubles: list[str] = field(default_factory=list)
    """What the doors said when they refused."""
    _serial: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def send(self, message: CitizenMessage, *, talk: float, patience: float) -> None:
        """Reach out once; `talk` and `patience` in seconds of the day. A door that refuses is counted."""
        try:
            await self._send(message, talk=talk, patience=patience)
        except (httpx.HTTPError, aiosmtplib.SMTPException, OSError) as error:
            self.refused += 1
            self.troubles.append(f"{message.channel}: {error!r}")

    async def _send(self, message: CitizenMessage, *, talk: float, patience: float) -> None:
        match message.channel:
            case "email":
                await self.mail(message)
            case "phone":
                await self.call(message, talk=talk, patience=patience)
            case "visit":
                await self.visit(message)
            case _:
                await self.file_form(message)

    def address(self, number: int) -> str:
        """Return the mail address of a citizen."""
        return f"{self.who}-{number}@invanare.example"

    async def mail(self, message: CitizenMessage) -> str:
        """Send a mail to the shared inbox and return its Message-ID."""
        number = next(self._serial)
        mail = EmailMessage()
        mail["From"] = f"Invånare {number} <{self.address(number)}>"
        mail["To"] = self.stack.mailbox
        mail["Subject"] = message.subject or "Fråga"
        mail["Date"] = formatdate(localtime=True)
        mail["Message-ID"] = make_msgid(domain="invanare.example")
        mail.set_content(message.text)
        host, port = self.stack.smtp.rsplit(":", 1)
        await aiosmtplib.send(mail, hostname=host, port=int(port), timeout=DEADLINE)
        self._count("email")
        return str(mail["Message-ID"])

    async def file_form(self, message: CitizenMessage, submission: str | None = None) -> str:
        """File an e-service with a signed webhook and return the contact id; the same submission is one contact."""
        number = next(self._serial)
        body = json.dumps(
            {
                "form": FORM_OF_ONE_MATTER.get(message.path, FORMS.get(message.unit, "kontakta-oss")),
                "submission_id": submission or f"demo-{datetime.now(UTC):%Y%m%d%H%M%S%f}-{number}",
                "submitted_at": datetime.now(UTC).isoformat(),
                "applicant": {"name": f"Invånare {number}", "email": self.address(number)},
                "fields": {"arende": message.text},
                "attachments": [],
            }
        )
        now = datetime.now(UTC)
        webhook_id = f"msg_{number}_{now.timestamp():.6f}"
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.stack.webhook_secret).sign(webhook_id, now, body),
            "content-type": "application/json",
        }
        answer = await self.http.post(f"{self.stack.intake}/webhooks/forms", content=body, headers=headers)
        self._accepted(answer, "e_service")
        return str(answer.json()["contact_id"])

    async def visit(self, message: CitizenMessage, key: str | None = None) -> str:
        """Be registered at the reception desk and return the contact id; the same `key` is one visit."""
        answer = await self.http.post(
            f"{self.stack.intake}/api/v1/visits",
            json={"entrance": "stadshuset", "matter": message.text},
            headers=self.stack.machine | ({"Idempotency-Key": key} if key else {}),
        )
        self._accepted(answer, "visit")
        contact_id = str(answer.json()["contact_id"])
        self.spoken[contact_id] = case_type_id(message.path)
        return contact_id

    async def call(self, message: CitizenMessage, *, talk: float, patience: float) -> bool:
        """Ring, wait, talk and hang up; return False when patience (seconds of the day) ran out first."""
        number = next(self._serial)
        call = {
            "callid": f"c{datetime.now(UTC).timestamp() * 1e6:.0f}{number:04d}",
            "direction": "incoming",
            "from": f"+4670174{605 + number % 95:04d}",
            "to": NUMBERS.get(message.unit, SWITCHBOARD),
        }
        self.spoken[natural_contact_id("call", call["callid"])] = case_type_id(message.path)
        answer = await self._voice(f"{self.stack.intake}/webhooks/46elks/voice", call)
        self._count("phone")
        reached, answered = "", datetime.now(UTC)
        try:
            reached = await self._wait(call, answer, patience)
            if reached:
                answered = datetime.now(UTC)
                await asyncio.sleep(talk / self.scale)
        finally:  # who is interrupted hangs up too, or the call would wait for ever
            await self._hang_up(call, reached, answered)
        self.abandoned += not reached
        return bool(reached)

    async def _wait(self, call: dict[str, str], answer: dict[str, object], patience: float) -> str:
        """Wait for somebody's phone and return its number; empty when nobody's was rung."""
        waited = 0.0
        while "connect" not in answer and "hangup" not in answer and waited < patience:
            pause = min(2.0, max(0.2, 5 / self.scale))
            await asyncio.sleep(pause)
            waited += pause * self.scale
            answer = await self._voice(str(answer["next"]), {**call, "result": "success"})
        return str(answer.get("connect", ""))

    async def _voice(self, url: str, call: dict[str, str]) -> dict[str, object]:
        answer = await self.http.post(url, data=call)
        answer.raise_for_status()
        turn: dict[str, object] = answer.json()
        return turn

    async def _hang_up(self, call: dict[str, str], reached: str, answered: datetime) -> None:
        """Post the end as the provider does: how long the phone that was `reached` talked, if one was."""
        form = {
            "id": call["callid"],
            "direction": "incoming",
            "from": call["from"],
            "to": call["to"],
            "state": "success",
        }
        if reached:
            talked = math.ceil((datetime.now(UTC) - answered).total_seconds())
            leg = {"duration": talked, "to": reached, "from": call["from"], "state": "success"}
            form |= {"start": f"{answered:%Y-%m-%dT%H:%M:%S.%f}", "duration": str(talked), "legs": json.dumps([leg])}
        await self.http.post(f"{self.stack.intake}/webhooks/46elks/hangup", data=form)

    def _accepted(self, answer: httpx.Response, channel: str) -> None:
        answer.raise_for_status()
        self._count(channel)

    def _count(self, channel: str) -> None:
        self.sent[channel] = self.sent.get(channel, 0) + 1
