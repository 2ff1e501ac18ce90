"""A provider gone mad, or somebody who plays it: whatever is posted to the doors of telephony, none of them breaks."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from shared.events import ContactEnded
from shared.publish import Publisher
from shared.settings import ServiceSettings
from tests.integration.intake.doors import Intake, ended_events, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

TOKEN = "en-hemlig-adress-som-ingen-gissar"
FORM = "application/x-www-form-urlencoded"
SOUND = {"direction": "incoming", "from": "+46701740650", "to": "+46846500400"}
DOORS = ("voice", "next?after=hold", "hangup", "sms")
DEEP = "[" * 100_000
LEGS = (
    '[{"duration": 1e999}]',
    '[{"duration": NaN}]',
    '[{"duration": -7}]',
    f'[{{"duration": {"9" * 400}}}]',
    f'[{{"duration": {"9" * 5000}}}]',
    '[{"duration": true}]',
    '[{"duration": "nio"}]',
    '{"duration": 9}',
    "[[], null, 7]",
    DEEP,
    "{" * 9,
    "\x00",
)
BODIES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", FORM),
    "no form": (b"\xff\xfe\x00\x01", FORM),
    "half escapes": (b"callid=%&from=%Z&to=%E5%", FORM),
    "bytes that are no text": (b"callid=c9&from=%FF%FE&to=%C3%28&result=%80", FORM),
    "json": (json.dumps({"callid": "c9"} | SOUND).encode(), "application/json"),
    "no type": (b"callid=c9", ""),
    "strange type": (b"callid=c9", "text/plain; charset=utf-16"),
    "multipart without boundary": (b"--x\r\n\r\n", "multipart/form-data"),
    "a file as call id": (
        b'--x\r\nContent-Disposition: form-data; name="callid"; filename="a"\r\n\r\nc9\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "a multipart that ends": (b'--x\r\nContent-Disposition: form-data; name="cal', "multipart/form-data; boundary=x"),
    "a thousand fields": (urlencode([(f"f{number}", "x") for number in range(1500)]).encode(), FORM),
    "lists": (b"callid[]=c9&callid[0]=c9", FORM),
}
IDS = ("", " ", "c" * 101, "c9\r\nx", "../../c9", "c9'; --", "ç9", "\ud7ff", "c9 c9")
ODD: tuple[dict[str, str], ...] = (
    {"from": "\x00", "to": "\x00"},
    {"from": "+" + "4" * 5000, "to": "+" + "9" * 5000},
    {"from": "\u202e+46701740650", "to": "+46\u0668\u0664\u0666500400"},
    {"from": "<script>", "to": "tel:+46846500400"},
    {"from": "sip:anonymous@anonymous.invalid", "to": "sip:08465@kommun.example"},
    {"result": "x" * 100_000, "why": "\x00", "created": "in the year 0"},
    {"direction": "sideways"},
    {"result": "1\x002", "created": "9" * 5000},
)


EXCHANGE: tuple[object, ...] = (
    {"event": ["newCall"], "callId": "x", "from": "1", "to": "2", "direction": "in"},
    {"event": "newCall", "callId": 10**400, "from": 10**30, "to": True, "direction": "in"},
    {"event": "newCall", "callId": "x" * 5000, "from": "1", "to": "2", "direction": "in"},
    {"event": "answer", "callId": "\x00", "from": "\x00", "to": "\x00", "direction": "in"},
    {"event": "answer", "callId": "cx1", "to": "+46846500400", "direction": "in", "user": [[[["a"]]], {"b": 1}, None]},
    {"event": "answer", "callId": "cx2", "to": "+46846500400", "direction": "in", "user": ["u"] * 10_000},
    {"event": "hangup", "callId": "cx3", "to": "+46846500400", "direction": "in", "cause": {"a": 1}},
    {"event": "hangup", "callId": "cx4\u202e/../\ud800", "to": "+46846500400", "direction": "in", "cause": "x" * 9000},
    {"event": "newCall", "callId": "cx5", "from": float("inf"), "to": float("nan"), "direction": "in"},
    {"event": "newCall", "callId": "cx6", "to": "+46846500400", "direction": "sideways"},
    [{"event": "newCall"}],
    "newCall",
    None,
    7,
)


@pytest.fixture
async def intake(settings: ServiceSettings, stocked: Publisher) -> AsyncIterator[Intake]:
    """One with an exchange beside 46elks."""
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, cti_token=TOKEN), stocked) as running:
        yield running


async def post(intake: Intake, door: str, body: bytes, kind: str) -> httpx.Response:
    headers = {"content-type": kind} if kind else {}
    return await intake.client.post(f"/webhooks/46elks/{door}", content=body, headers=headers)


def sound_answer(answer: httpx.Response) -> bool:
    """Say whether it is an answer that a provider understands: an action, nothing, or a problem of ours."""
    if answer.status_code >= 400:
        return answer.status_code < 500 and answer.headers["content-type"] == "application/problem+json"
    return answer.status_code == 204 or {"play", "hangup", "ivr"} & set(answer.json()) != set()


async def test_a_body_that_is_no_form_of_a_call_is_a_problem_and_no_call(intake: Intake) -> None:
    for name, (body, kind) in BODIES.items():
        answers = {door: await post(intake, door, body, kind) for door in DOORS}
        assert all(map(sound_answer, answers.values())), (
            name,
            {door: one.status_code for door, one in answers.items()},
        )


async def test_what_names_no_call_is_refused_and_says_where(intake: Intake) -> None:
    for call_id in IDS:
        for name in ("callid", "id"):
            answer = await intake.ring(**SOUND, **{name: call_id})
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/callid"), (name, call_id)


async def test_a_call_with_odd_values_is_a_call_like_another(intake: Intake) -> None:
    for number, odd in enumerate(ODD):
        form = SOUND | {"callid": f"codd{number}"} | odd
        for door in DOORS:
            answer = await intake.ring(door, **form)
            assert sound_answer(answer), (door, odd, answer.status_code)
            assert answer.status_code < 400, (door, odd, answer.text)


async def test_of_several_call_ids_one_counts_and_the_same_one_always(intake: Intake) -> None:
    twice = urlencode([("callid", "ctwo1"), ("callid", "ctwo2"), *SOUND.items()]).encode()
    both = urlencode({"callid": "cboth1", "id": "cboth2"} | SOUND).encode()
    for body in (twice, both):
        first, again = [await post(intake, "voice", body, FORM) for _ in range(2)]
        assert first.json() == again.json()


async def test_what_an_exchange_should_never_say_is_a_problem_or_passed_over(intake: Intake) -> None:
    bodies = [json.dumps(one).encode() for one in EXCHANGE] + [DEEP.encode(), b"{", b"\xff\xfe{}"]
    for body in bodies:
        for kind in ("application/json", FORM, "text/plain", "multipart/form-data; boundary=x", ""):
            headers = {"content-type": kind} if kind else {}
            answer = await intake.client.post(f"/webhooks/cti/{TOKEN}", content=body, headers=headers)
            assert answer.status_code < 500, (kind, body[:60], answer.text)
            assert answer.status_code < 300 or answer.headers["content-type"] == "application/problem+json"


async def test_wild_forms_of_an_exchange_are_problems(intake: Intake) -> None:
    for name, (body, kind) in BODIES.items():
        headers = {"content-type": kind} if kind else {}
        answer = await intake.client.post(f"/webhooks/cti/{TOKEN}", content=body, headers=headers)
        assert 400 <= answer.status_code < 500, (name, answer.status_code, answer.text)


async def test_the_end_of_a_call_is_told_whatever_its_legs_say(intake: Intake, read_contacts: ReadContacts) -> None:
    for number, legs in enumerate(LEGS):
        call = {"callid": f"clegs{number}"}
        await intake.ring(**SOUND, **call)
        end = {"id": call["callid"], "state": "x" * 5000 if number % 2 else "\x00success", "legs": legs}
        answer = await intake.ring("hangup", **end, duration=legs, actions=legs)
        assert answer.status_code == 204, (legs[:40], answer.text)

    async def all_told() -> list[Any]:
        ends = [one.event for one in await ended_events(read_contacts) if isinstance(one.event, ContactEnded)]
        return ends if len(ends) == len(LEGS) else []

    for end in await eventually(all_told, timeout=30):
        assert 0 <= (end.talk_seconds or 0) < 60
        assert len(end.reason) <= 100
