"""What a supervisor decides about an agent lasts until the agent herself chooses otherwise."""

import pytest

from services.router.domain.skills import Terms
from shared.vocabulary import Presence
from tests.integration.router.support import ALL, Desk

pytestmark = pytest.mark.integration

TERMS = Terms(ALL)


async def test_who_is_sent_away_is_not_called_back_by_her_heartbeat(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("mail")
    offer = await desk.pull("maria")
    assert offer is not None
    sent = await desk.queues.presence("maria", Presence.AWAY, "not_answering", TERMS, by="lead-1")
    assert (sent.presence, sent.sent_away, sent.used) == (Presence.AWAY, True, 0)
    beat = await desk.queues.presence("maria", Presence.READY, None, TERMS)
    assert (beat.presence, beat.sent_away) == (Presence.AWAY, True)
    assert await desk.pull("maria", wait=20) is None
    chosen = await desk.queues.presence("maria", Presence.READY, None, TERMS, chosen=True)
    assert (chosen.presence, chosen.sent_away) == (Presence.READY, False)
    beat = await desk.queues.presence("maria", Presence.READY, None, TERMS)
    assert beat.presence == Presence.READY
    assert (await desk.drift()).first == []


async def test_who_goes_away_herself_comes_back_as_always(desk: Desk):
    await desk.ready("maria")
    await desk.queues.presence("maria", Presence.AWAY, "not_answering", TERMS, by="lead-1")
    await desk.be("maria", Presence.OFFLINE)
    assert (await desk.ready("maria")).presence == Presence.READY


async def test_a_queue_that_opens_lets_in_the_oldest_first(desk: Desk):
    far = (await desk.clock()).replace(year=2999, microsecond=0)
    for number in range(40):
        await desk.arrive(f"c{number:02}", ago=100 - number, not_before=far)
    await desk.ready("maria")
    assert await desk.pull("maria", wait=20) is None
    done, cursor = await desk.queues.let_in("kontaktcenter", "email", far)
    while cursor != "0":
        more, cursor = await desk.queues.let_in("kontaktcenter", "email", far, cursor)
        done += more
    assert done == 40
    assert (await desk.take("maria"))[0] == "c00"
