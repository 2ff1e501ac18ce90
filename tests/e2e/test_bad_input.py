"""Bad input at every door of the real stack: a clear error or a flagged contact, nothing lost, and the rest goes on."""

import asyncio
import base64
import os
import re
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from deploy.demo.agents import AgentClient, Json
from deploy.demo.citizens import Citizens
from deploy.demo.messages import CitizenMessage
from deploy.demo.stack_info import StackInfo
from deploy.local.paths import PROJECT
from deploy.local.plan import Plan
from deploy.local.stack import Stack
from shared.originals import Originals, original_key
from tests.support.checklists import CHECKLISTS
from tests.support.hostile import BROKEN_MAILS, FormDoor, address, mail, submission
from tests.support.parts import MailServer
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SEED = PROJECT / "deploy" / "seed"
SOUND = CitizenMessage("e_service", "", "När har biblioteket öppet på lördagar?", "Kontaktcenter | Öppettider | När?")
CTI = "+46701740655"


async def open_cases(info: StackInfo, http: httpx.AsyncClient) -> list[Json]:
    answer = await http.get(f"{info.casework}/api/v1/cases?state=open&limit=200", headers=info.machine)
    answer.raise_for_status()
    return list(answer.json()["items"])


@pytest.fixture(autouse=True)
async def nothing_waits(info: StackInfo, http: httpx.AsyncClient, maria: AgentClient) -> AsyncIterator[None]:
    """Close what a test has brought in, so that the next agent meets an empty queue."""
    yield

    async def empty() -> bool:
        for case in await open_cases(info, http):
            await maria.close(case["number"], {"resolution": "felringd"})
        queues = (await http.get(f"{info.router}/api/v1/queues", headers=info.machine)).json()["items"]
        return not any(queue["waiting"] for queue in queues)

    await eventually(empty, timeout=30, every=0.3)


@pytest.fixture
def forms(info: StackInfo, http: httpx.AsyncClient) -> FormDoor:
    return FormDoor(info, http)


async def contact_of(agent: AgentClient, contact_id: str) -> Json:
    case = await agent.case_of(contact_id)
    return dict(next(one for one in case["contacts"] if one["id"] == contact_id))


def problem(answer: httpx.Response) -> tuple[int, str, list[str]]:
    """Status, the last word of the type, and where the input is wrong."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    return answer.status_code, body["type"].rsplit(":", 1)[1], [one["pointer"] for one in body.get("errors", ())]


async def test_mails_that_are_broken_become_contacts_with_what_could_be_read(info, http, maria, mailboxes: MailServer):
    for name, rest in BROKEN_MAILS.items():
        await mailboxes.send(mail(name, rest), to=info.mailbox)
    await mailboxes.send(
        mail("nofrom", b"Subject: Anonym\r\n\r\nDen riktiga texten\r\n", sender=False), to=info.mailbox
    )

    async def arrived() -> dict[str, Json]:
        cases = {(case["sender"] or "nofrom").split("@")[0]: case for case in await open_cases(info, http)}
        assert cases.keys() >= {*BROKEN_MAILS, "nofrom"}, cases.keys()
        return cases

    cases = await eventually(arrived, timeout=40, every=0.3)
    for name in BROKEN_MAILS.keys() - {"nest"}:
        assert "Den riktiga" in (await maria.case(cases[name]["number"]))["contacts"][0]["full_text"], name
    flags = {name: (await maria.case(cases[name]["number"]))["contacts"][0]["flags"] for name in ("nest", "nofrom")}
    assert "parts_cut" in flags["nest"]
    assert "no_sender" in flags["nofrom"]
    [attached] = (await maria.case(cases["path"]["number"]))["contacts"][0]["attachments"]
    assert attached["name"] == "x.zip"
    await only_one_receipt_each(mailboxes)


async def only_one_receipt_each(mailboxes: MailServer) -> None:
    """Every sender has one receipt on one thread, and nobody gets one by an injected header."""

    async def received() -> bool:
        return all([len(await mailboxes.fetch(address(name))) == 1 for name in BROKEN_MAILS])

    await eventually(received, timeout=20, every=0.3)
    [receipt] = await mailboxes.fetch(address("injected"))
    assert receipt["Bcc"] is None
    assert await mailboxes.fetch(address("offer")) == []


async def test_a_mail_that_cannot_be_read_reaches_an_agent_with_its_original(
    stack: Stack, info, http, maria, mailboxes: MailServer
):
    await mailboxes.send(mail("empty", b"X-Nothing: at all\r\n\r\n"), to=info.mailbox)

    async def offered() -> Json:
        return await maria.pull(wait=5) or {}

    offer = await eventually(offered, timeout=30)
    await maria.accept(offer)
    contact = await contact_of(maria, offer["contact_id"])
    assert (offer["channel"], contact["unreadable"], contact["sender_email"]) == ("email", True, address("empty"))
    kept = await Originals(f"file://{stack.root / 'originals'}").get(original_key(offer["contact_id"]))
    assert b"X-Nothing: at all" in kept
    person = {"person": maria.agent, "next": "/desk"}
    async with httpx.AsyncClient() as browser:
        await browser.post(f"{info.casework}/login", data=person)
        case = await maria.case_of(offer["contact_id"])
        door = f"/cases/{case['number']}"
        page = await browser.get(f"{info.casework}{door}")
        handed_out = await browser.get(f"{info.casework}{door}/contacts/{offer['contact_id']}/original")
        assert "gick inte att läsa" in page.text
        assert handed_out.content == kept
        again = f"{info.casework}{door}/contacts/{offer['contact_id']}/read-again"
        [token] = set(re.findall(r'name="_csrf" value="([^"]+)"', page.text))
        form, part = {"_csrf": token}, {"hx-request": "true"}
        assert "nu heller" in (await browser.post(again, data=form, headers=part)).text
        await make_readable(stack, offer["contact_id"], kept)
        assert "är läst igen" in (await browser.post(again, data=form, headers=part)).text

        async def shown() -> bool:
            return "hx-refresh" in (await browser.get(again, headers=part)).headers

        await eventually(shown, timeout=30, every=0.3)
        page = await browser.get(f"{info.casework}{door}")
        assert "Elementen är kalla." in page.text
        assert "gick inte att läsa" not in page.text
    assert await mailboxes.fetch(address("empty")) == []


async def make_readable(stack: Stack, contact_id: str, kept: bytes) -> None:
    """Let the original be one that can be read: what an upgrade of the reader makes of it."""
    store = Originals(f"file://{stack.root / 'originals'}")
    body = b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + "Elementen är kalla.".encode()
    await store.put(original_key(contact_id), kept.rstrip() + body, content_type="message/rfc822")


async def test_machines_get_no_receipt(info, http, citizens: Citizens, maria, mailboxes: MailServer):
    machine = mail(
        "robot", b"Subject: Autosvar\r\n\r\nJag har semester.\r\n", headers=b"Auto-Submitted: auto-replied\r\n"
    )
    report = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\n\r\nKom inte fram.\r\n"
        b"--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        b"Final-Recipient: rfc822; nobody@hostile.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--r--\r\n"
    )
    ourselves = b"From: kontakt@kommun.example\r\nReply-To: loop@hostile.example\r\nSubject: Slinga\r\n\r\nVi.\r\n"
    await mailboxes.send(machine, to=info.mailbox)
    await mailboxes.send(mail("mailer-daemon", report), to=info.mailbox)
    await mailboxes.send(mail("loop", ourselves, sender=False), to=info.mailbox)
    citizens.who = "after-machines"
    await citizens.mail(SOUND)

    async def answered() -> list[Any]:
        return await mailboxes.fetch(citizens.address(1))

    await eventually(answered, timeout=30)
    received = [await mailboxes.fetch(address(name)) for name in ("robot", "mailer-daemon", "loop")]
    assert received == [[], [], []]
    subjects = {case["subject"] for case in await open_cases(info, http)}
    assert {"Autosvar", "Slinga"} <= subjects
    assert "Kom inte fram." not in subjects


async def test_a_webhook_that_proves_nothing_is_refused(info, http, forms: FormDoor):
    other = "whsec_" + base64.b64encode(b"another secret, of another one").decode()
    assert problem(await forms.post(submission(), secret=other)) == (401, "bad-signature", [])
    assert problem(await forms.post(submission(), age=timedelta(minutes=6))) == (401, "bad-signature", [])
    assert problem(await forms.post(submission(), age=timedelta(minutes=-6))) == (401, "bad-signature", [])
    assert problem(await forms.post(submission(), webhook_id="msg_replayed")) == (401, "bad-signature", [])
    bare = await http.post(f"{info.intake}/webhooks/forms", json=submission())
    assert problem(bare) == (401, "bad-signature", [])
    assert problem(await forms.post("x" * 25_000_001)) == (413, "too-large", [])


async def test_a_form_that_cannot_be_read_says_where(forms: FormDoor, maria):
    kind = "application/x-www-form-urlencoded"
    assert problem(await forms.post("form=kontakta-oss&submission_id=1", content_type=kind)) == (
        422,
        "invalid-input",
        [""],
    )
    assert problem(await forms.post('{"form": "kontakta-oss",')) == (422, "invalid-input", [""])
    assert problem(await forms.post('{"a":' * 100_000)) == (422, "invalid-input", [""])
    assert problem(await forms.post(submission(fields=["x"]))) == (422, "invalid-input", ["/fields"])
    odd = [{"name": "a.pdf", "base64": "###"}]
    assert problem(await forms.post(submission(attachments=odd))) == (422, "invalid-input", ["/attachments/0/base64"])
    swedish = await forms.post(submission(submission_id=None))
    english = await forms.post(submission(submission_id=None), accept_language="en")
    assert problem(swedish) == problem(english) == (422, "invalid-input", ["/submission_id"])
    texts = [(answer.json()["title"], answer.json()["errors"][0]["detail"]) for answer in (swedish, english)]
    assert texts == [
        ("Något i det du skickade stämmer inte.", "Uppgiften saknas."),
        ("Something in what you sent is not right.", "This is missing."),
    ]


async def test_a_form_that_is_odd_is_a_flagged_contact_and_the_same_one_once(info, http, forms: FormDoor, maria):
    async def taken_in(**changes: Any) -> Json:
        answer = await forms.post(submission(**changes))
        assert answer.status_code == 202, answer.text
        return await contact_of(maria, answer.json()["contact_id"])

    unknown = await taken_in(form="en-blankett-som-ingen-har-lagt-upp")
    assert (unknown["flags"], unknown["entrance"]) == (["unknown_entrance"], "formular-kontakt")
    assert (await taken_in(fields=None))["flags"] == ["no_fields"]
    assert (await taken_in(fields={}))["flags"] == ["no_fields"]
    injected = {"name": "A\r\nBcc: offer@hostile.example", "email": "a@hostile.example\r\nBcc: offer@hostile.example"}
    doubtful = await taken_in(applicant=injected)
    assert (doubtful["flags"], doubtful["sender_email"]) == (["unusable_email"], None)
    assert doubtful["sender_name"] == "A Bcc: offer@hostile.example"
    same = submission()
    answers = await asyncio.gather(*(forms.post(same) for _ in range(5)))
    assert len({answer.json()["contact_id"] for answer in answers}) == 1
    await maria.case_of(answers[0].json()["contact_id"])
    assert len(await open_cases(info, http)) == 5


async def test_a_call_to_a_number_nobody_knows_is_answered_as_the_switchboard(info, http, maria):
    call = {"callid": "cbad0001", "direction": "incoming", "from": CTI, "to": "+46999999999"}
    voice = f"{info.intake}/webhooks/46elks/voice"
    turn = await http.post(voice, data=call)
    assert "play" in turn.json()

    async def offered() -> Json:
        return await maria.pull(wait=5) or {}

    offer = await eventually(offered, timeout=20)
    assert offer["greeting"].startswith("Välkommen till kommunen, du pratar med Maria")
    await maria.accept(offer)
    contact = await contact_of(maria, offer["contact_id"])
    assert (contact["entrance"], contact["flags"]) == ("vaxel", ["unknown_entrance"])
    assert problem(await http.post(voice, data={"to": "+46846500400"})) == (422, "invalid-input", ["/callid"])
    assert problem(await http.post(voice, data=call | {"callid": "a\r\nb"})) == (422, "invalid-input", ["/callid"])


async def test_records_that_are_no_events_are_put_aside_and_seen(info, http, citizens: Citizens, maria):
    async def dead() -> int:
        streams = (await http.get(f"{info.stats}/api/v1/streams", headers=info.machine)).json()["items"]
        return int(next(one["dead"] for one in streams if one["topic"] == "contacts"))

    async def surveyed() -> bool:
        return bool((await http.get(f"{info.stats}/api/v1/streams", headers=info.machine)).json()["items"])

    await eventually(surveyed, timeout=20, every=0.3)
    before = await dead()
    sound = [("ce_id", b"x"), ("ce_type", b"contact.received.v1")]
    records: list[tuple[bytes | None, list[tuple[str, Any]]]] = [
        (b"\xff\x00 no json", sound),
        (b'{"contact_id": 1}', sound),
        (b"{}", [("ce_id", b"x"), ("ce_type", None)]),
        (b"{}", [("ce_id", b"x")]),
        (b"{}", [("ce_id", None), ("ce_type", b"contact.received.v1")]),
        (None, sound),
    ]
    producer = AIOKafkaProducer(bootstrap_servers=info.kafka)
    await producer.start()
    for value, headers in records:
        await producer.send_and_wait("contacts", value, key=b"hostile", headers=headers)
    await producer.stop()
    citizens.who = "after-records"
    contact_id = await citizens.file_form(SOUND)
    await maria.case_of(contact_id)
    readers = 2  # router and casework; the tombstone says nothing and is passed over

    async def counted() -> bool:
        found = await dead() - before
        assert found == (len(records) - 1) * readers, found
        return True

    await eventually(counted, timeout=30, every=0.3)
    for service in (info.router, info.casework):
        assert (await http.get(f"{service}/health/ready")).status_code == 200


async def imported(stack: Stack, command: str, file: Path) -> tuple[int | None, str]:
    """Run an import of casework as an operator would; return its exit code and what it says is wrong."""
    [casework] = [part for part in Plan.of(stack.root, stack.ports).services() if part.name == "casework"]
    words = [sys.executable, "-m", "services.casework", command, str(file)]
    process = await asyncio.create_subprocess_exec(
        *words, cwd=PROJECT, env=os.environ | casework.environment, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    return process.returncode, said.decode()


async def test_a_broken_file_is_refused_with_its_line_and_changes_nothing(stack: Stack, info, http, tmp_path: Path):
    async def known() -> list[Any]:
        found = [
            await http.get(f"{info.casework}/api/v1/{name}", headers=info.machine)
            for name in ("checklists", "case-types")
        ]
        return [answer.json() for answer in found]

    before = await known()
    checklists = CHECKLISTS.read_text(encoding="utf-8").replace("Finns en känd", "Finns det en känd")
    lines = checklists.splitlines()
    broken = next(number for number, line in enumerate(lines) if "{id: s2, type: inform" in line)
    lines[broken] = lines[broken].replace("goto: klart_storning", "goto: ingenstans")
    yaml, csv = tmp_path / "checklists.yaml", tmp_path / "catalogue.csv"
    yaml.write_text("\n".join(lines), encoding="utf-8")
    rows = (SEED / "catalogue-sv.csv").read_text(encoding="utf-8").splitlines()
    csv.write_text(
        "\n".join([*rows, "Kontaktcenter,Nytt,En ny fråga?,close,1", "Kontaktcenter,,,maybe,x"]), encoding="utf-8"
    )
    asked = (("import-checklists", yaml, broken + 1), ("import-catalogue", csv, len(rows) + 2))
    answers = await asyncio.gather(*(imported(stack, command, file) for command, file, _ in asked))
    for (_, file, line), (code, said) in zip(asked, answers, strict=True):
        assert code == 1, said
        assert f"{file}:{line}:" in said
        assert "inget har lästs in" in said
    assert await known() == before
