"""Who a citizen is and what she said stays where it may be: never in logs, metrics, Redis or on the kept topics."""

from collections.abc import Awaitable, Callable, Mapping

import httpx
import pytest
import redis.asyncio as redis
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.demo.agents import AgentClient
from deploy.demo.citizens import Citizens
from deploy.demo.stack_info import StackInfo
from deploy.local.stack import Stack
from deploy.prepare import SERVICES
from shared.topics import CONTACTS, TOPICS
from tests.support.hostile import FormDoor, mail, submission
from tests.support.parts import MailServer
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

NAME, PHONE, WORDS, NUMBER = "Hemlighild", "+46701740699", "vildsvinsknorr", "19121212-1212"
SECRETS = (NAME, PHONE, PHONE.removeprefix("+"), "privat.hemlighild", WORDS, NUMBER, "kvittoskrivaren")


async def everybody_calls(info: StackInfo, citizens: Citizens, http: httpx.AsyncClient, mails: MailServer) -> list[str]:
    """Reach out by all four channels with a name, a number and words that nobody else has; return known contact ids."""
    await mails.send(
        mail("privat.hemlighild", f"Subject: {WORDS} {NUMBER}\r\n\r\n{NAME}: {WORDS}\r\n".encode()), to=info.mailbox
    )
    applicant = {"name": NAME, "email": "privat.hemlighild@hostile.example", "phone": PHONE}
    attached = [{"name": f"{WORDS}.txt", "base64": "aGVq"}]
    form = submission(applicant=applicant, fields={NUMBER: f"{NAME} om {WORDS}"}, attachments=attached)

    async def accepted() -> str:
        answer = await FormDoor(info, http).post(form)  # 503 while what was spooled goes first: a sender tries again
        return str(answer.json()["contact_id"]) if answer.status_code == httpx.codes.ACCEPTED else ""

    filed = await eventually(accepted, timeout=30)
    call = {"callid": "cprivacy1", "direction": "incoming", "from": PHONE, "to": "+46846500400"}
    (await http.post(f"{info.intake}/webhooks/46elks/voice", data=call)).raise_for_status()
    visit = {"entrance": "stadshuset", "matter": f"{NAME} vill prata om {WORDS}", "name": NAME}
    seen = await http.post(f"{info.intake}/api/v1/visits", json=visit, headers=info.machine)
    seen.raise_for_status()
    return [filed, seen.json()["contact_id"]]


async def work_it_all(maria: AgentClient) -> None:
    """Take the four, write a note, an answer and a message to the verksamhet, and end each."""
    for left in range(4):

        async def pulled() -> dict[str, str]:
            return await maria.pull(wait=5) or {}

        offer = await eventually(pulled, timeout=30)
        await maria.accept(offer)
        number = (await maria.case_of(offer["contact_id"]))["number"]
        await maria.do(number, "notes", {"text": f"{NAME} {WORDS}"})
        if left:
            text = f"Hej {NAME}" if offer["channel"] in {"email", "e_service"} else None
            await maria.close(number, {"resolution": "lost_av_kc", "text": text})
        else:
            asked = {"request_id": "privacy", "to": "bostadsbolag", "message": f"{NAME} {PHONE} {WORDS}"}
            await maria.do(number, "handover", asked)

        async def free() -> bool:
            return int((await maria.presence("ready"))["used"]) == 0

        await eventually(free, timeout=20)


async def on_topics(info: StackInfo) -> Mapping[str, bytes]:
    """Return everything that lies on each topic but the one that may hold personal data, headers and keys too."""
    consumer = AIOKafkaConsumer(bootstrap_servers=info.kafka)
    await consumer.start()
    found = {topic.name: b"" for topic in TOPICS if topic != CONTACTS}
    places = [TopicPartition(topic.name, n) for topic in TOPICS if topic != CONTACTS for n in range(topic.partitions)]
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=300)).values():
                for one in records:
                    parts = (one.key, one.value, *(value for _, value in one.headers))
                    found[one.topic] += b" ".join(part or b"" for part in parts) + b"\n"
    finally:
        await consumer.stop()
    return found


async def in_redis(info: StackInfo) -> bytes:
    """Return every key with its value, as the server itself would write them down."""
    client = redis.Redis.from_url(info.redis)
    try:
        keys = [key async for key in client.scan_iter(count=1000)]
        readers: dict[bytes, Callable[[bytes], Awaitable[object]]] = {
            b"string": client.get,
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"list": lambda key: client.lrange(key, 0, -1),
            b"zset": lambda key: client.zrange(key, 0, -1),
            b"stream": client.xrange,
        }
        values = [repr(await readers[kind](key)) for key in keys if (kind := await client.type(key)) in readers]
        return b"\n".join(keys) + "\n".join(values).encode()
    finally:
        await client.aclose()


async def test_nothing_personal_leaves_its_place(
    stack: Stack, info, http, citizens: Citizens, maria, mailboxes: MailServer
):
    contact_ids = await everybody_calls(info, citizens, http, mailboxes)

    async def waiting() -> bool:
        queues = (await http.get(f"{info.router}/api/v1/queues", headers=info.machine)).json()["items"]
        return bool(sum(queue["waiting"] for queue in queues) >= 4)

    await eventually(waiting, timeout=30)
    while_they_wait = await in_redis(info)
    await work_it_all(maria)
    for contact_id in contact_ids:
        case = await maria.case_of(contact_id)
        assert WORDS in str(case["contacts"])
    places = dict(await on_topics(info))
    assert b"contact.completed" in places["routing"]
    places |= {"redis": await in_redis(info), "redis while they wait": while_they_wait}
    for service in SERVICES:
        places[f"log of {service}"] = (stack.root / "logs" / f"{service}.log").read_bytes()
        places[f"metrics of {service}"] = (await http.get(f"{getattr(info, service)}/metrics")).content
    leaks = {(place, word) for place, text in places.items() for word in SECRETS if word.encode() in text}
    escaped = {(place, word) for place, text in places.items() for word in SECRETS if repr(word)[1:-1].encode() in text}
    assert leaks | escaped == set()
