"""How each telephony is told to ring an agent and connect her to a citizen: one order, and nothing comes back to us.

46elks: `POST {base}/a1/calls` whose `voice_start` is a `connect` action, so it is asked nothing later. Twilio:
`POST …/Calls.json` whose `Twiml` dials. Neither records.
"""

import json
from xml.etree import ElementTree as ET  # only writes

from services.intake.channels.provider import SECONDS, ask, client_of
from services.intake.domain.return_call import Order

RING_SECONDS = 25
"""How long a phone is rung."""


class ElksDialer:
    """Orders calls at 46elks."""

    def __init__(self, url: str, user: str, password: str, *, seconds: float = SECONDS) -> None:
        self._http = client_of(url, user, password, seconds)

    async def ring(self, order: Order) -> None:
        """Ring the agent, then the citizen; ProviderAwayError when that was not taken."""
        then = {"connect": order.citizen, "callerid": order.shown}
        numbers = {"from": order.shown, "to": order.agent_phone}
        await ask(
            self._http, "/a1/calls", form=numbers | {"voice_start": json.dumps(then), "timeout": str(RING_SECONDS)}
        )


class TwilioDialer:
    """Orders calls at Twilio."""

    def __init__(self, url: str, account: str, user: str, password: str, *, seconds: float = SECONDS) -> None:
        self._http = client_of(url, user or account, password, seconds)
        self._calls = f"/2010-04-01/Accounts/{account}/Calls.json"

    async def ring(self, order: Order) -> None:
        """Ring the agent, then the citizen; ProviderAwayError when that was not taken."""
        response = ET.Element("Response")
        dial = ET.SubElement(response, "Dial", {"callerId": order.shown, "timeout": str(RING_SECONDS)})
        ET.SubElement(dial, "Number").text = order.citizen
        told = ET.tostring(response, encoding="unicode")
        numbers = {"From": order.shown, "To": order.agent_phone}
        await ask(self._http, self._calls, form=numbers | {"Twiml": told, "Timeout": str(RING_SECONDS)})
