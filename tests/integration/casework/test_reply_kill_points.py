"""A process killed at each point of a reply: before and after its commit, before and after the mail server's 250.

design.md section 4: receipts at most once (marked before sending); replies at least once under one Message-ID, doubled
only if killed between the mail server's 250 and the commit.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import asyncpg
import pytest

from tests.support.casework import MARIA, Room
from tests.support.smtp_peer import SmtpPeer
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
TEXT = "Vi kommer i dag."


@asynccontextmanager
async def process(room: Room, deed: str, **more: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """Our code in a process of its own; it is dead when the block ends."""
    given = {
        "postgres": room.settings.postgres,
        "originals": room.settings.originals,
        "now": room.time().isoformat(),
        **more,
    }
    arguments = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.sender", deed, *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield running
    finally:
        await kill(running)


async def kill(running: asyncio.subprocess.Process) -> None:
    if running.returncode is None:
        running.kill()
    await running.wait()


async def says(running: asyncio.subprocess.Process, word: str) -> None:
    assert running.stdout
    async with asyncio.timeout(60):
        while line := (await running.stdout.readline()).decode():
            if line.strip() == word:
                return
    raise AssertionError(f"it never said {word}")


@asynccontextmanager
async def held(room: Room, *holding: str) -> AsyncIterator[asyncpg.Connection]:
    """Hold what a use case has to wait for; it is let go when the block ends."""
    connection, watcher = [await asyncpg.connect(room.settings.postgres) for _ in range(2)]
    try:
        async with connection.transaction():
            for sql in holding:
                await connection.execute(sql)
            yield watcher
    finally:
        await asyncio.gather(connection.close(), watcher.close())


async def waits(watcher: asyncpg.Connection) -> None:
    """Wait until somebody stands at the lock."""

    async def stands() -> bool:
        return bool(await watcher.fetchval(WAITING))

    await eventually(stands, timeout=60)


async def mails(room: Room) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in await room.rows("SELECT * FROM casework.mails_out")}


def ids(peer: SmtpPeer, *, receipts: bool) -> list[str]:
    return [str(one["Message-ID"]) for one in peer.mails if bool(one["Auto-Submitted"]) == receipts]


async def send_all(room: Room, peer: SmtpPeer) -> None:
    """Another process sends what is due."""
    async with process(room, "send", port=peer.port) as sender:
        await says(sender, "done")


async def test_killed_before_the_commit_there_is_no_reply_and_it_can_be_written_again(room: Room):
    number = await room.open("a")
    async with (
        held(room, "LOCK TABLE casework.mails_out IN EXCLUSIVE MODE") as watcher,
        process(room, "reply", number=number, text=TEXT, key="k1") as writer,
    ):
        await waits(watcher)
        await kill(writer)
    assert "reply" not in await mails(room)
    assert [one.kind for one in (await room.casework.read_case.run(number, MARIA)).messages] == ["email", "receipt"]
    await room.casework.reply.run(number, MARIA, TEXT, "k1")
    assert (await mails(room))["reply"]["state"] == "queued"


async def test_killed_after_the_commit_the_same_request_is_the_same_reply_and_it_goes_out_once(room: Room):
    number = await room.open("a")
    async with process(room, "reply", number=number, text=TEXT, key="k1") as writer:
        await says(writer, "done")
    await room.casework.reply.run(number, MARIA, TEXT, "k1")
    room.time.move(seconds=11)
    async with SmtpPeer() as peer:
        await send_all(room, peer)
        room.time.move(minutes=10)
        await send_all(room, peer)
    assert ids(peer, receipts=False) == [(await mails(room))["reply"]["message_id"]]


async def test_killed_before_the_servers_250_the_reply_comes_again_and_the_receipt_does_not(room: Room):
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, TEXT, "k1")
    room.time.move(seconds=11)
    there: asyncio.Queue[EmailMessage] = asyncio.Queue()

    async def never(mail: EmailMessage) -> bool:
        await there.put(mail)
        await asyncio.Event().wait()
        return False

    async with SmtpPeer(before_250=never) as peer:
        for _ in range(2):  # each takes what is due; the first mail of a batch is where it dies
            async with process(room, "send", port=peer.port) as sender:
                async with asyncio.timeout(60):
                    await there.get()
                await kill(sender)
            await room.run("UPDATE casework.mails_out SET next_at = created_at WHERE kind = 'reply'")
        peer.before_250 = None
        room.time.move(minutes=10)
        await send_all(room, peer)
        await send_all(room, peer)
    sent = await mails(room)
    assert ids(peer, receipts=False) == [sent["reply"]["message_id"]]
    assert sent["reply"]["state"] == "sent"
    assert ids(peer, receipts=True) == [], "perhaps it was taken: never again"
    assert sent["receipt"]["state"] == "sending"


@pytest.mark.parametrize("kind", ["reply", "receipt"])
async def test_killed_between_the_250_and_the_commit_only_a_reply_doubles_under_one_message_id(room: Room, kind: str):
    number = await room.open("a")
    other = "receipt" if kind == "reply" else "reply"
    await room.casework.reply.run(number, MARIA, TEXT, "k1")
    room.time.move(seconds=11)
    await room.run(f"UPDATE casework.mails_out SET next_at = NULL WHERE kind = '{other}'")  # noqa: S608 - ours
    stop, go = asyncio.Event(), asyncio.Event()

    async def taken(_: EmailMessage) -> bool:
        stop.set()
        await go.wait()
        return True

    async with SmtpPeer(before_250=taken) as peer:
        async with process(room, "send", port=peer.port) as sender:
            async with asyncio.timeout(60):
                await stop.wait()
            async with held(room, f"SELECT id FROM casework.mails_out WHERE kind = '{kind}' FOR UPDATE") as watcher:  # noqa: S608 - ours
                go.set()
                await waits(watcher)  # the 250 is there, and its commit stands at the lock
                await kill(sender)
        assert len(peer.mails) == 1
        room.time.move(minutes=10)
        await send_all(room, peer)
        await send_all(room, peer)
    sent = await mails(room)
    expected = 2 if kind == "reply" else 1
    assert [str(one["Message-ID"]) for one in peer.mails] == [sent[kind]["message_id"]] * expected
    assert sent[kind]["state"] == ("sent" if kind == "reply" else "sending")
