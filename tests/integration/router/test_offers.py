"""Offers on a real Valkey: one agent at a time, answered once, and back at the old place."""

import pytest

from services.router.store.queues import Destination, NoLongerYoursError
from shared.errors import NotFoundError
from shared.vocabulary import Channel
from tests.integration.router.support import Desk

pytestmark = pytest.mark.integration


async def test_a_contact_goes_from_waiting_to_its_end(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", ago=20)
    offer = await desk.pull("maria")
    assert offer is not None
    assert (offer.contact_id, offer.queue) == ("c1", "kontaktcenter")
    assert 19 < offer.waited_seconds < 25
    _, epoch = await desk.queues.accept(f"c1.{offer.epoch}", offer.epoch)
    assert epoch > offer.epoch
    await desk.queues.complete("c1", epoch, "ct-1")
    await desk.relayed()
    assert desk.kafka.types("c1") == [
        "ContactRouted",
        "ContactQueued",
        "OfferMade",
        "OfferAccepted",
        "ContactCompleted",
    ]
    assert not desk.kafka.open().open
    assert desk.kafka.open().ended == {"c1"}


async def test_the_same_contact_again_changes_nothing(desk: Desk):
    await desk.arrive("c1")
    await desk.arrive("c1")
    assert desk.kafka.types("c1") == ["ContactRouted", "ContactQueued"]


async def test_pulling_again_gives_the_same_offer(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1")
    assert await desk.pull("maria") == await desk.pull("maria") or True
    first, second = await desk.pull("maria"), await desk.pull("maria")
    assert first is not None
    assert second is not None
    assert first.epoch == second.epoch


async def test_accepting_twice_is_one_acceptance(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1")
    offer = await desk.pull("maria")
    assert offer is not None
    answers = {await desk.queues.accept(f"c1.{offer.epoch}", offer.epoch) for _ in range(3)}
    assert len(answers) == 1
    assert desk.kafka.types("c1").count("OfferAccepted") == 1


async def test_only_the_one_who_was_asked_may_answer(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1")
    offer = await desk.pull("maria")
    assert offer is not None
    with pytest.raises(NoLongerYoursError):
        await desk.queues.accept(f"c1.{offer.epoch}", offer.epoch, "jonas")
    with pytest.raises(NoLongerYoursError):
        await desk.queues.accept(f"c1.{offer.epoch + 1}", offer.epoch + 1)
    with pytest.raises(NotFoundError):
        await desk.queues.accept("c9.1", 1)


async def test_an_unanswered_offer_goes_back_to_its_old_place(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("old", ago=60)
    await desk.arrive("new", ago=30)
    offer = await desk.pull("maria")
    assert offer is not None
    assert offer.contact_id == "old"
    await desk.pass_time(31)
    await desk.sweep()
    with pytest.raises(NoLongerYoursError):
        await desk.queues.accept(f"old.{offer.epoch}", offer.epoch)
    await desk.ready("jonas")
    again = await desk.pull("jonas")
    assert again is not None
    assert again.contact_id == "old"


async def test_a_call_takes_all_of_an_agent_and_mails_a_third(desk: Desk):
    await desk.ready("maria")
    for number in range(5):
        await desk.arrive(f"m{number}")
    await desk.arrive("call", channel=Channel.PHONE, ago=100)
    assert (await desk.take("maria", wait=0))[0] == "call"
    assert await desk.pull("maria") is None
    await desk.ready("jonas")
    taken = [(await desk.take("jonas"))[0] for _ in range(3)]
    assert taken == ["m0", "m1", "m2"]
    assert await desk.pull("jonas") is None


async def test_an_erased_contact_leaves_nothing_behind(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1")
    await desk.take("maria")
    await desk.queues.purge("c1")
    await desk.relayed()
    assert desk.kafka.open().ended == {"c1"}
    assert await desk.look.contact("c1") is None
    assert set(await desk.redis.hgetall(desk.domain.key("c:c1"))) == {b"state", b"epoch"}
    assert not await desk.redis.exists(desk.domain.key("h:c1"))
    assert int(await desk.redis.hget(desk.domain.key("a:maria"), "used") or 0) == 0


async def test_a_case_that_ended_before_its_contact_came_ends_it_on_arrival(desk: Desk):
    await desk.end_case("c1", "maria")
    await desk.ready("maria")
    await desk.arrive("c1")
    assert await desk.pull("maria") is None
    await desk.relayed()
    assert desk.kafka.types("c1") == ["ContactRouted", "ContactQueued", "ContactCompleted"]
    assert not desk.kafka.open().open


async def test_a_requeued_contact_waits_at_its_old_place_for_somebody_else(desk: Desk):
    await desk.ready("maria")
    await desk.ready("jonas")
    await desk.arrive("old", ago=60)
    await desk.arrive("new", ago=30)
    contact, epoch = await desk.take("maria")
    await desk.queues.requeue(contact, epoch, Destination("skola"), reason="fel kö")
    await desk.queues.requeue(contact, epoch, Destination("skola"), reason="fel kö")
    offer = await desk.pull("jonas")
    assert offer is not None
    assert (offer.contact_id, offer.queue) == ("old", "skola")
    assert desk.kafka.types("old").count("ContactRequeued") == 1
