"""What the doors of the real stack refuse, to programs and to people: by the right status, and with nothing changed."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from deploy.demo.agents import AgentClient, Json
from deploy.demo.citizens import Citizens
from deploy.demo.messages import CitizenMessage
from deploy.demo.stack_info import StackInfo
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

COLD = "Bostadsbolag | Felanmälan | Det är kallt inne, räknas det som ett fel?"
PAGES = (
    *(("casework", path) for path in ("/", "/desk", "/inbox", "/cases/KC-2026-000001", "/ops/dead")),
    *(("stats", path) for path in ("/wallboard", "/alarms", "/streams")),
    ("intake", "/reception"),
)
DOORS = (
    ("GET", "router", "/api/v1/queues"),
    ("POST", "router", "/api/v1/match"),
    ("POST", "router", "/api/v1/agents/agent-maria-lind/pull"),
    ("PUT", "router", "/api/v1/agents/agent-maria-lind/presence"),
    ("GET", "casework", "/api/v1/cases"),
    ("GET", "casework", "/api/v1/units"),
    ("POST", "casework", "/api/v1/cases/KC-2026-000001/close"),
    ("GET", "stats", "/api/v1/load"),
    ("GET", "stats", "/api/v1/streams"),
    ("POST", "intake", "/api/v1/visits"),
    ("POST", "intake", "/api/v1/calls"),
)
EVIL = ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example")
"""Addresses that a login must not lead to."""


def url(info: StackInfo, service: str, path: str) -> str:
    return f"{getattr(info, service)}{path}"


def problem(answer: httpx.Response) -> tuple[int, str, list[str]]:
    """Status, the last word of the type, and where the input is wrong."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    return answer.status_code, body["type"].rsplit(":", 1)[1], [one["pointer"] for one in body.get("errors", ())]


@pytest.fixture
async def offer(citizens: Citizens, maria: AgentClient) -> AsyncIterator[Json]:
    """A visit about a cold flat on Maria's desk, accepted; its case is closed after the test."""
    text = "Det är kallt i lägenheten, bara 15 grader och elementen är kalla."
    await citizens.visit(CitizenMessage("visit", "", text, COLD))

    async def pulled() -> Json:
        return await maria.pull(wait=5) or {}

    offer = await eventually(pulled, timeout=30)
    await maria.accept(offer)
    yield offer
    case = await maria.case_of(offer["contact_id"])
    if case["state"] == "open":
        await maria.close(case["number"], {"resolution": "felringd"})

    async def free() -> bool:
        return int((await maria.presence("ready"))["used"]) == 0

    await eventually(free, timeout=20)


@pytest.fixture
async def browser(info: StackInfo) -> AsyncIterator[httpx.AsyncClient]:
    """Maria's browser, logged in."""
    async with httpx.AsyncClient(timeout=20) as client:
        await client.post(url(info, "casework", "/login"), data={"person": info.agents[0]})
        yield client


async def test_work_that_does_not_fit_the_case_is_refused(info, http: httpx.AsyncClient, maria, offer):
    number = (await maria.case_of(offer["contact_id"]))["number"]

    async def does(verb: str, body: Json, **headers: str) -> httpx.Response:
        address = url(info, "casework", f"/api/v1/cases/{number}/{verb}")
        return await http.post(address, json=body, headers=info.machine | headers)

    assert problem(await does("classify", {"case_type": "ct-nothing"})) == (422, "unknown-case-type", [])
    assert problem(await does("classify", {})) == (422, "invalid-input", ["/case_type"])
    assert problem(await does("classify", {"case_type": "ct\x00"}))[:2] == (422, "invalid-input")
    cold = next(item["case_type"] for item in offer["candidates"] if item["question"].startswith("Det är kallt inne"))
    case = await maria.do(number, "classify", {"case_type": cold})
    last = case["checklist"]["steps"][-1]["id"]
    assert problem(await does("steps", {"step": last})) == (422, "step-not-next", [])
    assert problem(await does("steps", {"step": "s1", "option": "kanske"}))[0] == 422
    assert problem(await does("close", {"resolution": "strunt"})) == (422, "invalid-input", ["/resolution"])
    said = {"Idempotency-Key": "refusals-1"}
    assert (await does("notes", {"text": "Ett"}, **said)).json() == (
        await does("notes", {"text": "Ett"}, **said)
    ).json()
    assert problem(await does("notes", {"text": "Två"}, **said)) == (422, "idempotency-key-reused", [])
    unknown = await http.get(url(info, "casework", "/api/v1/cases/KC-2026-999999"), headers=info.machine)
    assert problem(unknown) == (404, "not-found", [])
    assert (await maria.case(number))["state"] == "open"


async def test_the_same_handover_request_is_one_handover(maria, offer):
    number = (await maria.case_of(offer["contact_id"]))["number"]
    asked = {"request_id": f"twice-{number}", "to": "bostadsbolag", "message": "Ring före besök."}
    first = await maria.do(number, "handover", asked)
    assert (await maria.do(number, "handover", asked))["handover_id"] == first["handover_id"]
    assert len((await maria.case(number))["handovers"]) == 1
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await maria.do(number, "handover", asked | {"request_id": f"another-{number}"})
    assert refused.value.response.status_code == 409


async def test_an_answer_by_another_epoch_is_too_late(info, http: httpx.AsyncClient, maria, offer):
    async def answers(path: str, body: Json) -> httpx.Response:
        return await http.post(url(info, "router", f"/api/v1/{path}"), json=body, headers=info.machine)

    for verb, more in (("accept", {}), ("decline", {"reason": "x"})):
        late = await answers(f"offers/{offer['offer_id']}/{verb}", {"epoch": offer["epoch"] + 1} | more)
        assert problem(late) == (409, "no-longer-yours", [])
    old = {"epoch": offer["epoch"] + 7, "case_type": None}
    assert problem(await answers(f"contacts/{offer['contact_id']}/complete", old))[0] == 409
    assert problem(await answers("offers/none/accept", {"epoch": 10**30}))[0] == 409
    assert problem(await answers(f"agents/{maria.agent}/pull?wait=9999", {})) == (422, "invalid-input", ["/wait"])
    assert problem(await answers("agents/agent-nobody/pull", {})) == (404, "unknown-agent", [])
    assert problem(await answers("match", {"text": "x" * 900_000})) == (422, "invalid-input", ["/text"])
    assert (await maria.presence("ready"))["used"] > 0


async def test_nobody_gets_in_without_a_token_or_a_login(info, http):
    for method, service, path in DOORS:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic x"},
            {"Cookie": "kc_session=x"},
        ):
            answer = await http.request(method, url(info, service, path), headers=headers)
            assert problem(answer) == (401, "not-logged-in", []), path
            assert answer.headers["www-authenticate"] == "Bearer"
    for service, path in PAGES:
        answer = await http.get(url(info, service, path), headers={"accept": "text/html"})
        assert answer.status_code == 303, path
        assert answer.headers["location"].removeprefix(info.casework).startswith("/login?next="), path


async def test_a_login_leads_nowhere_else_and_never_continues_an_old_one(info):
    person = {"person": info.agents[1]}
    async with httpx.AsyncClient() as client:
        for evil in EVIL:
            planted = {"cookie": "kc_session=planted"}
            answer = await client.post(url(info, "casework", "/login"), data=person | {"next": evil}, headers=planted)
            assert (answer.status_code, answer.headers["location"]) == (303, "/"), evil
            cookie = answer.headers["set-cookie"]
            assert "planted" not in cookie
            assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


async def test_a_person_may_what_her_role_may_and_no_forged_page_acts_for_her(info, browser):
    json: dict[str, Any] = {"headers": {"accept": "application/json"}}
    for service, path in (("stats", "/streams"), ("casework", "/ops/dead"), ("casework", "/inbox")):
        assert problem(await browser.get(url(info, service, path), **json)) == (403, "forbidden", []), path
    assert (await browser.get(url(info, "casework", "/desk"))).status_code == 200
    leave = url(info, "casework", "/logout")
    forged: Any = (403, "forged-request", [])
    assert problem(await browser.post(leave)) == forged
    assert problem(await browser.post(leave, data={"_csrf": "x"})) == forged
    assert problem(await browser.post(leave, headers={"x-csrf-token": "å".encode()})) == forged
    classify = url(info, "casework", "/api/v1/cases/KC-2026-000001/classify")
    assert problem(await browser.post(classify, json={"case_type": "x"})) == forged
    for origin in ("https://evil.example", "null"):
        login = url(info, "casework", "/login")
        assert problem(await browser.post(login, data={"person": "x"}, headers={"origin": origin})) == forged
    assert (await browser.get(url(info, "casework", "/desk"))).status_code == 200
