"""SIGKILL to the store in the middle of everything: nobody is lost, nobody has two agents, nothing leaks."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import pytest

from deploy.local.part import free_ports
from deploy.local.running import Running, spawn, wait_ready
from deploy.local.valkey import Valkey
from services.router.jobs.guard import guard
from services.router.settings import Settings
from services.router.store.generation import Generation
from services.router.store.open import OpenContacts
from services.router.store.queues import NoLongerYoursError
from services.router.usecases.rebuild import Rebuild
from shared.errors import NotFoundError, TransientError
from tests.integration.router.audit import check, picture
from tests.integration.router.support import Desk, contact, open_desk, routed
from tests.support.parts import BACKEND

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(BACKEND != "local", reason="kills the server's process, which a container hides"),
]
CONTACTS, AGENTS = 300, 6


@pytest.fixture(params=[True, False], ids=["keeps a log", "forgets all"])
def valkey(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """A server of one's own, to be killed; with an append-only file it comes back with what it had."""
    part = Valkey(free_ports(1)[0], tmp_path / "valkey", durable=request.param)
    part.prepare()
    dies = threading.current_thread() is threading.main_thread()
    running = wait_ready(spawn(part, tmp_path / "valkey.log", dies_with_us=dies))
    yield running
    running.kill()


async def test_the_store_is_killed_in_the_middle(valkey: Running):
    assert isinstance(valkey.part, Valkey)
    settings = Settings(redis=valkey.part.url, domain=f"k{token_hex(4)}")
    async with open_desk(settings) as desk:

        async def read() -> OpenContacts:
            return desk.kafka.open()

        watching = asyncio.create_task(guard(desk.domain, Rebuild(desk.domain, Generation(desk.domain), read)))
        done: Counter[str] = Counter()
        working = [asyncio.create_task(_work(desk, f"agent-{n}", done)) for n in range(AGENTS)]
        coming = asyncio.create_task(_come(desk))
        try:
            for after in (60, 150):
                await _ended(done, after)
                valkey.kill()
                await asyncio.to_thread(valkey.again)
            await asyncio.wait_for(coming, 60)
            await _ended(done, CONTACTS, within=60)
        finally:
            await _stop(*working, coming, watching)
        await desk.relayed()
        _tell_the_same(desk, done)
        seen = await picture(desk.redis, desk.domain.tag)
        check(seen)
        assert all(int(fields.get("used", 0)) == 0 for _, fields in seen.under("a:")), "capacity leaked"


async def _stop(*tasks: asyncio.Task[None]) -> None:
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.5)


async def _come(desk: Desk) -> None:
    """Contacts arrive in batches; each batch is tried until it has succeeded, as a consumer does."""
    for start in range(0, CONTACTS, 10):
        batch = [contact(f"c{number}") for number in range(start, start + 10)]
        while True:
            try:
                await desk.queues.enqueue(batch, [routed(each) for each in batch])
                break
            except TransientError:
                await asyncio.sleep(0.02)


async def _work(desk: Desk, agent: str, done: Counter[str]) -> None:
    """Pull, accept, and end the case until that has succeeded: what casework's events do."""
    while True:
        try:
            await desk.ready(agent)
            taken = await desk.take(agent)
        except (TransientError, NoLongerYoursError, NotFoundError, AssertionError):
            await asyncio.sleep(0.01)
            continue
        done[taken[0]] += 1
        ended = False
        while not ended:
            with suppress(TransientError):
                await desk.end_case(taken[0], agent)
                ended = True
            await asyncio.sleep(0.001)


async def _ended(done: Counter[str], wanted: int, within: float = 30) -> None:
    async with asyncio.timeout(within):
        while len(done) < wanted:  # noqa: ASYNC110 - counts what several tasks do
            await asyncio.sleep(0.005)


def _tell_the_same(desk: Desk, done: Counter[str]) -> None:
    assert set(done) == {f"c{number}" for number in range(CONTACTS)}, "a contact is lost"
    assert not desk.kafka.open().open, "Kafka believes that something is open"
    holders: dict[str, str | None] = {}
    for event in desk.kafka.events():
        match type(event).__name__:
            case "OfferAccepted":
                assert holders.get(event.contact_id) in {None, event.agent_id}, "a contact with two agents"
                holders[event.contact_id] = event.agent_id
            case "ContactRequeued" | "ContactCompleted":
                holders[event.contact_id] = None
            case _:
                continue
