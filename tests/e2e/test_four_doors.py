"""From each real door to the end, on the real stack: what came in is pulled, worked, ended, and counted."""

import random
from typing import Any

import httpx
import pytest

from deploy.demo.agents import AgentClient, Json
from deploy.demo.citizens import Citizens
from deploy.demo.messages import CitizenMessage
from deploy.demo.stack_info import StackInfo
from tests.support.parts import MailServer
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

COLD = "Bostadsbolag | Felanmälan | Det är kallt inne, räknas det som ett fel?"
OPEN_HOURS = "Kontaktcenter | Öppettider | När har ni öppet och gäller andra tider före helgen?"


def says(channel: str, text: str, path: str = OPEN_HOURS, subject: str = "") -> CitizenMessage:
    return CitizenMessage(channel, subject, text, path)


async def today(info: StackInfo, http: httpx.AsyncClient) -> dict[str, Any]:
    """What stats has counted so far today, over everything."""
    answer = await http.get(f"{info.stats}/api/v1/load?bin=P1D&by=channel", headers=info.machine)
    answer.raise_for_status()
    return {item["series"]["channel"]: item["count"] for item in answer.json()["items"] if item["series"]}


async def taken(agent: AgentClient, channel: str) -> tuple[Json, Json]:
    """Pull until the offer of the channel comes, accept it, and return it with its case."""

    async def pull() -> Json:
        return await agent.pull(wait=5) or {}

    offer = await eventually(pull, timeout=30)
    assert offer["channel"] == channel
    await agent.accept(offer)
    return offer, await agent.case_of(offer["contact_id"])


async def wallboard_counts(info: StackInfo, http: httpx.AsyncClient, channel: str, more_than: int) -> None:
    async def counted() -> bool:
        return bool((await today(info, http)).get(channel, 0) > more_than)

    await eventually(counted, timeout=20)


async def test_a_mail_is_answered_in_its_thread(citizens, maria, mailboxes: MailServer, info, http):
    before = (await today(info, http)).get("email", 0)
    message_id = await citizens.mail(
        says("email", "Hej! Vilka tider har ni öppet före julhelgen?", subject="Öppettider")
    )
    offer, case = await taken(maria, "email")
    address = citizens.address(1)
    assert offer["greeting"]
    assert len(offer["candidates"]) == 5

    await maria.do(case["number"], "classify", {"case_type": offer["candidates"][0]["case_type"]})
    await maria.close(case["number"], {"resolution": "lost_av_kc", "text": "Hej! Vi har öppet 8–17 alla vardagar."})

    async def mails() -> list[Any]:
        got = await mailboxes.fetch(address)
        return got if len(got) >= 2 else []

    reply, receipt = sorted(await eventually(mails, timeout=30), key=lambda mail: mail["Auto-Submitted"] is not None)
    assert receipt["Auto-Submitted"] == "auto-replied"
    assert case["number"] in str(receipt["Subject"]) + receipt.get_body(("plain",)).get_content()
    assert "8–17" in reply.get_body(("plain",)).get_content()
    assert reply["In-Reply-To"] == message_id
    closed = await maria.case(case["number"])
    assert closed["state"] == "closed"
    await wallboard_counts(info, http, "email", before)


async def test_a_call_is_connected_to_the_agent_who_took_it(citizens, maria, info, http):
    before = (await today(info, http)).get("phone", 0)
    call = {"callid": "ce2e0001", "direction": "incoming", "from": "+46701740650", "to": "+46846500410"}
    turn = (await http.post(f"{info.intake}/webhooks/46elks/voice", data=call)).json()
    assert "connect" not in turn
    offer, case = await taken(maria, "phone")
    assert "ÅFA" in offer["greeting"]
    assert "Maria" in offer["greeting"]

    async def connected() -> bool:
        nonlocal turn
        turn = (await http.post(turn["next"], data={**call, "result": "success"})).json()
        return "connect" in turn

    await eventually(connected, timeout=20, every=0.2)
    assert turn["connect"] == "+46701740605"
    hangup = {"id": call["callid"], "direction": "incoming", "from": call["from"], "to": call["to"], "state": "success"}
    await http.post(
        f"{info.intake}/webhooks/46elks/hangup", data={**hangup, "duration": "95", "start": "2026-01-02T08:00:00"}
    )
    case = await maria.do(case["number"], "classify", {"case_type": offer["candidates"][0]["case_type"]})
    await maria.close(case["number"], {"resolution": "lost_av_kc", "cause": "ny_fraga"})
    assert (await maria.case(case["number"]))["state"] == "closed"
    await wallboard_counts(info, http, "phone", before)


async def test_a_visit_is_handed_over_and_the_officer_gets_a_mail(citizens, maria, mailboxes: MailServer, info, http):
    before = (await today(info, http)).get("visit", 0)
    await citizens.visit(says("visit", "Det är kallt i lägenheten, bara 15 grader och elementen är kalla.", COLD))
    offer, case = await taken(maria, "visit")
    cold = next(item["case_type"] for item in offer["candidates"] if item["question"].startswith("Det är kallt inne"))
    case = await maria.do(case["number"], "classify", {"case_type": cold})
    case = await maria.walk(case, random.Random(3))
    preview = await maria.do(case["number"], "handover/preview", {"request_id": "preview"})
    assert preview
    handover = await maria.do(case["number"], "handover", {"request_id": "e2e-1", "message": "Ring före besök."})
    assert handover["acknowledge_by"] < handover["answer_by"]
    again = await maria.do(case["number"], "handover", {"request_id": "e2e-1", "message": "Ring före besök."})
    assert again["handover_id"] == handover["handover_id"]

    async def officer() -> list[Any]:
        return [
            mail for mail in await mailboxes.fetch("bostadsbolag@kommun.example") if case["number"] in mail["Subject"]
        ]

    [mail] = await eventually(officer, timeout=30)
    assert "Ring före besök." in mail.get_body(("plain",)).get_content()
    assert (await maria.case(case["number"]))["state"] == "handed_over"
    await wallboard_counts(info, http, "visit", before)


async def test_an_e_service_is_closed(citizens: Citizens, maria, info, http):
    before = (await today(info, http)).get("e_service", 0)
    contact_id = await citizens.file_form(says("e_service", "När har biblioteket öppet på lördagar?"))
    offer, case = await taken(maria, "e_service")
    assert offer["contact_id"] == contact_id
    await maria.do(case["number"], "classify", {"case_type": offer["candidates"][0]["case_type"]})
    await maria.close(case["number"], {"resolution": "hanvisad_sjalvservice"})
    assert (await maria.case(case["number"]))["resolution"] == "hanvisad_sjalvservice"

    async def free() -> bool:
        answer = await maria.presence("ready")
        return int(answer["used"]) == 0

    await eventually(free, timeout=20)
    await wallboard_counts(info, http, "e_service", before)
