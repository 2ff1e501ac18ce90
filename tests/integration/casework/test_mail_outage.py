"""The mail server away for an hour: said, nothing lost, all caught up within a minute or two."""

import functools
from dataclasses import replace

import pytest

from services.casework.mail import MailServer
from services.casework.usecases.send_mail import AWAY_PAUSE, SendMail
from tests.support.casework import MARIA, Room
from tests.support.smtp_peer import SmtpPeer

pytestmark = pytest.mark.integration

REPLIES = 25


def post_to(room: Room, peer: SmtpPeer) -> SendMail:
    server = functools.partial(MailServer, "127.0.0.1", peer.port, "kontakt@kommun.example")
    return replace(room.casework.send_mail, server=server)


async def emptied(room: Room, post: SendMail, seconds: float) -> float:
    """Let the loop run for at most so many seconds of the room's clock; returns how many it took to send all."""
    began = room.time()
    while (room.time() - began).total_seconds() < seconds:
        if not await post.run():
            waiting = await room.rows("SELECT 1 FROM casework.mails_out WHERE next_at IS NOT NULL")
            if not waiting:
                break
            room.time.move(seconds=0.5)
    return (room.time() - began).total_seconds()


async def test_an_hour_without_a_mail_server_is_caught_up_within_a_minute(room: Room):
    number = await room.open("a")
    async with SmtpPeer() as peer:
        post = post_to(room, peer)
        await emptied(room, post, 60)
        await peer.stop()
        for one in range(REPLIES):
            await room.casework.reply.run(number, MARIA, f"Svar {one}.", f"key-{one}")
            room.time.move(seconds=1)
        down_since = room.time()
        connections = peer.connections
        assert await room.casework.outgoing.outage.run() is None, "not said before anything has waited for it"
        while (room.time() - down_since).total_seconds() < 3600:
            await post.run()
            room.time.move(seconds=5)
        assert peer.connections == connections
        said = await room.casework.outgoing.outage.run()
        assert said is not None
        assert (down_since - said).total_seconds() == pytest.approx(REPLIES, abs=1)
        case = await room.casework.read_case.run(number, MARIA)
        states = {
            (one.delivery.state, one.delivery.why) for one in case.messages if one.delivery and one.kind == "reply"
        }
        assert states == {("retrying", "away")}
        attempts = await room.rows("SELECT max(attempts) AS most FROM casework.mails_out WHERE kind = 'reply'")
        assert attempts[0]["most"] == 0, "an outage costs no mail an attempt"
        await peer.start()
        assert await emptied(room, post, 120) <= AWAY_PAUSE + 1
        words = [one.get_body(("plain",)) for one in peer.mails if not one["Auto-Submitted"]]
        numbers = [int(word.get_content().split("Svar ")[1].split(".")[0]) for word in words if word]
        assert sorted(numbers) == list(range(REPLIES)), "each once"
        assert await room.casework.outgoing.outage.run() is None


@pytest.mark.parametrize("line", ["EHLO", "MAIL"])
async def test_one_try_in_half_a_minute_finds_out_whatever_waits(room: Room, line: str):
    """A server that accepts and answers nothing useful is asked once an interval, not once a mail."""
    number = await room.open("a")
    async with SmtpPeer(answers={line: "421 busy"}) as peer:
        post = post_to(room, peer)
        for one in range(REPLIES):
            await room.casework.reply.run(number, MARIA, f"Svar {one}.", f"key-{one}")
        room.time.move(seconds=11)
        for _ in range(120):
            await post.run()
            room.time.move(seconds=0.5)
        assert 2 <= peer.connections <= 5
    assert peer.mails == []


async def test_the_first_that_gets_through_wakes_all_that_waited(room: Room):
    first, second = await room.open("a"), await room.open("b", message_id="<b@medborgare.example>")
    async with SmtpPeer() as peer:
        post = post_to(room, peer)
        await emptied(room, post, 60)
        await peer.stop()
        await room.casework.reply.run(first, MARIA, "Det första.")
        room.time.move(seconds=10)
        await post.run()  # held for 15 to 30 s
        await room.casework.reply.run(second, MARIA, "Det andra.")
        room.time.move(seconds=10)
        await peer.start()
        assert await post.run() == 1
        assert await post.run() == 1, "not a second later"
    assert len([one for one in peer.mails if not one["Auto-Submitted"]]) == 2
