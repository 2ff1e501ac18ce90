"""Twilio's side of one call, signed by Twilio's own library: a simulator of its webhooks, no more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from xml.etree import ElementTree as ET

import httpx
from twilio.request_validator import RequestValidator

ACCOUNT = "AC" + "0" * 32
CARRIER = {"CallerCity": "", "CallerState": "", "CallerZip": "", "CallerCountry": "SE", "ToCity": "", "FromZip": ""}
"""Twilio says nothing of where, and signs it."""


@dataclass(slots=True)
class TwilioLine:
    """A call: `base` is our address as Twilio has it, `client` reaches the service behind it."""

    client: httpx.AsyncClient
    base: str
    token: str
    sid: str = "CA" + "1" * 32
    caller: str = "+46701740605"
    dialled: str = "+46846500400"
    method: str = "POST"
    more: dict[str, str] = field(default_factory=dict)
    """Parameters that Twilio has added without notice."""
    where: str = ""
    """The address that was called last."""
    told: str = ""
    """What was answered last."""

    async def post(self, address: str, **said: str) -> httpx.Response:
        """Call one of our addresses, signed, and keep the TwiML that it answers."""
        form = self.form() | said
        if self.method == "GET":
            address += ("&" if "?" in address else "?") + urlencode(form)
        answer = await self.send(address, form, signature=self.sign(address, form))
        if answer.status_code == 200:
            self.where, self.told = address, answer.text
        return answer

    async def send(self, address: str, form: Mapping[str, str], *, signature: str = "") -> httpx.Response:
        """Send what is written, with whatever signature it has; our proxy takes our public path off."""
        path = address.removeprefix(self.base)
        headers = {"x-twilio-signature": signature} if signature else {}
        if self.method == "GET":
            return await self.client.get(path, headers=headers)
        return await self.client.post(path, data=dict(form), headers=headers)

    def sign(self, address: str, form: Mapping[str, str]) -> str:
        """Return Twilio's signature, made by its library."""
        signed = {} if self.method == "GET" else dict(form)
        return str(RequestValidator(self.token).compute_signature(address, signed))

    def form(self) -> dict[str, str]:
        """Return what Twilio says of the call in every webhook."""
        own = {"CallSid": self.sid, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "Direction": "inbound"}
        numbers = {"From": self.caller, "Caller": self.caller, "To": self.dialled, "Called": self.dialled}
        return own | numbers | {"CallStatus": "in-progress"} | CARRIER | self.more

    def door(self, name: str) -> str:
        """Return one of our addresses."""
        return f"{self.base}/webhooks/twilio/{name}"

    @property
    def verbs(self) -> list[ET.Element]:
        """Return what the last answer tells Twilio to do."""
        return list(ET.fromstring(self.told))  # noqa: S314 - our own answer

    @property
    def onwards(self) -> str:
        """Return the address that the last answer leads to, as Twilio resolves it."""
        for verb in self.verbs:
            told = verb.text if verb.tag == "Redirect" else verb.get("action")
            if told:
                return urljoin(self.where, told)
        return ""

    def query(self) -> dict[str, str]:
        """Return the parameters of where it leads to."""
        return dict(parse_qsl(urlsplit(self.onwards).query))
