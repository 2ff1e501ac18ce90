"""Contacts that are answered outside: hers at once and offered to nobody, on a real Valkey."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.store.queues import NoLongerYoursError
from shared.events import OfferAccepted
from shared.vocabulary import Channel, Presence
from tests.integration.router.support import Desk, contact, routed

pytestmark = pytest.mark.integration


async def answered(
    desk: Desk, contact_id: str, agent: str | None, *, later: float = 0, takes_over: bool = False
) -> None:
    at = await desk.clock() + timedelta(seconds=later)
    await desk.queues.claim(contact_id, agent, at, takes_over=takes_over)


async def state(desk: Desk, contact_id: str) -> tuple[str, str | None]:
    seen = await desk.look.contact(contact_id)
    assert seen is not None
    return seen.state, seen.owner


async def used(desk: Desk, agent: str) -> int:
    return int(await desk.redis.hget(desk.domain.key(f"a:{agent}"), "used") or 0)


async def call(desk: Desk, contact_id: str, **fields: Any) -> None:
    await desk.arrive(contact_id, channel=Channel.PHONE, **fields)


async def test_what_waits_in_anothers_queue_is_offered_to_nobody_until_it_is_answered(desk: Desk):
    await desk.ready("maria")
    await desk.pull("maria", wait=25)
    await call(desk, "c1", ago=20, queue_owner="pbx", preferred_agent="maria", dwell_seconds=10)
    assert await desk.pull("maria") is None
    seen = await desk.look.contact("c1")
    assert seen is not None
    assert (seen.state, seen.position, seen.why_waiting) == ("waiting", 1, "queue_of_another")
    await answered(desk, "c1", "maria")
    assert await state(desk, "c1") == ("assigned", "maria")
    assert desk.kafka.types("c1") == ["ContactRouted", "ContactQueued", "OfferAccepted"]
    (taken,) = [one for one in desk.kafka.events("c1") if isinstance(one, OfferAccepted)]
    assert taken.agent_id == "maria"
    assert 19 < taken.waited_seconds < 25
    assert (await desk.drift()).wrong == 0


async def test_an_offer_to_another_is_withdrawn_and_she_gets_the_next(desk: Desk):
    await desk.ready("jonas")
    await call(desk, "c1", ago=20)
    offer = await desk.pull("jonas")
    assert offer is not None
    await call(desk, "c2")
    await answered(desk, "c1", "maria")
    assert await state(desk, "c1") == ("assigned", "maria")
    with pytest.raises(NoLongerYoursError):
        await desk.queues.accept(f"c1.{offer.epoch}", offer.epoch, "jonas")
    assert desk.kafka.types("c1")[-3:] == ["OfferMade", "OfferExpired", "OfferAccepted"]
    following = await desk.pull("jonas")
    assert following is not None
    assert following.contact_id == "c2"


async def test_an_offer_to_her_becomes_hers_and_her_press_of_the_button_is_no_conflict(desk: Desk):
    await desk.ready("maria")
    await call(desk, "c1")
    offer = await desk.pull("maria")
    assert offer is not None
    await answered(desk, "c1", "maria")
    _, epoch = await desk.queues.accept(f"c1.{offer.epoch}", offer.epoch, "maria")
    assert await state(desk, "c1") == ("assigned", "maria")
    assert await used(desk, "maria") == 100
    await desk.queues.complete("c1", epoch, None, "maria")
    assert await used(desk, "maria") == 0
    assert desk.kafka.types("c1").count("OfferAccepted") == 1


async def test_she_has_it_above_her_limit_and_what_else_was_offered_goes_to_another(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("mail")
    _, epoch = await desk.take("maria")
    await desk.ready("jonas")
    await call(desk, "first")
    offered = await desk.pull("maria")
    assert offered is not None
    await desk.pull("jonas", wait=25)
    await call(desk, "second", queue_owner="pbx")
    await answered(desk, "second", "maria")
    assert await used(desk, "maria") == 130
    assert await state(desk, "first") == ("offered", "jonas")
    assert "ContactHeld" in desk.kafka.types("mail")
    await call(desk, "third", queue_owner="pbx")
    await answered(desk, "third", "maria")
    assert await used(desk, "maria") == 230
    for one in ("second", "third"):
        await desk.end_case(one, "maria")
    await desk.queues.complete("mail", epoch, None)
    assert await used(desk, "maria") == 0
    assert (await desk.drift()).wrong == 0


@pytest.mark.parametrize("presence", [None, Presence.AWAY, Presence.OFFLINE])
async def test_wherever_she_is_the_call_is_hers(desk: Desk, presence: Presence | None):
    if presence:
        await desk.be("maria", presence)
    await call(desk, "c1")
    await answered(desk, "c1", "maria")
    await desk.pass_time(100)
    await desk.sweep()
    assert await state(desk, "c1") == ("assigned", "maria")
    assert (await desk.drift()).wrong == 0


async def test_an_answer_that_comes_before_its_contact_waits_for_it(desk: Desk):
    await desk.ready("jonas")
    await desk.pull("jonas", wait=25)
    await answered(desk, "c1", "maria")
    await call(desk, "c1")
    assert await state(desk, "c1") == ("assigned", "maria")
    assert "OfferMade" not in desk.kafka.types("c1")
    made = contact("c1", channel=Channel.PHONE)
    await desk.queues.enqueue([made], [routed(made)])
    assert desk.kafka.types("c1").count("OfferAccepted") == 1
    assert await desk.redis.ttl(desk.domain.key("c:c1")) == -1


async def test_the_same_answer_again_and_an_older_one_change_nothing(desk: Desk):
    await call(desk, "c1")
    at = await desk.clock()
    for _ in range(2):
        await desk.queues.claim("c1", "maria", at, takes_over=True)
    await answered(desk, "c1", "jonas", later=5, takes_over=True)
    await desk.queues.claim("c1", "maria", at, takes_over=True)
    assert await state(desk, "c1") == ("assigned", "jonas")
    assert desk.kafka.types("c1")[2:] == ["OfferAccepted", "ContactTransferred"]
    assert (await used(desk, "maria"), await used(desk, "jonas")) == (0, 100)


async def test_who_holds_it_keeps_it_unless_the_exchange_has_moved_it(desk: Desk):
    await desk.ready("maria")
    await call(desk, "c1")
    await desk.take("maria")
    await answered(desk, "c1", "jonas")
    assert await state(desk, "c1") == ("assigned", "maria")
    await answered(desk, "c1", "jonas", later=1, takes_over=True)
    assert await state(desk, "c1") == ("assigned", "jonas")


async def test_somebody_else_has_answered_so_it_is_offered_to_nobody_and_not_abandoned(desk: Desk):
    await desk.ready("jonas")
    await call(desk, "c1")
    assert await desk.pull("jonas") is not None
    await answered(desk, "c1", None)
    assert await desk.pull("jonas") is None
    seen = await desk.look.contact("c1")
    assert seen is not None
    assert (seen.why_waiting, seen.position) == ("answered_elsewhere", None)
    assert (await desk.drift()).wrong == 0
    await desk.queues.cancel("c1", "hung_up", 42.0)
    assert desk.kafka.types("c1")[-2:] == ["OfferExpired", "ContactCompleted"]
    assert desk.kafka.events("c1")[-1].talk_seconds == 42


async def test_the_switchboard_answers_and_then_puts_it_through_to_an_agent(desk: Desk):
    await call(desk, "c1", queue_owner="pbx")
    await answered(desk, "c1", None)
    await answered(desk, "c1", "maria", later=1)
    assert await state(desk, "c1") == ("assigned", "maria")


async def test_whose_queue_it_is_outlives_a_rebuild_and_a_lost_end_is_given_up(desk: Desk):
    await call(desk, "c1", queue_owner="pbx")
    await call(desk, "c2")
    await answered(desk, "c2", None)
    await call(desk, "c3")
    await answered(desk, "c3", "maria")
    await desk.lose(flush=True)
    await desk.ready("jonas")
    assert await desk.pull("jonas") is None
    assert await state(desk, "c3") == ("assigned", "maria")
    assert (await desk.drift()).wrong == 0
    await desk.pass_time(12 * 3600 + 1)
    await desk.sweep()
    assert desk.kafka.types("c1")[-1] == "ContactAbandoned"
    assert desk.kafka.types("c2")[-1] == "ContactCompleted"


async def test_given_back_it_waits_in_the_others_queue_again(desk: Desk):
    await desk.ready("jonas")
    await call(desk, "c1", queue_owner="pbx")
    await answered(desk, "c1", "maria")
    await desk.queues.release("c1", by="lead", reason="test")
    assert (await state(desk, "c1"))[0] == "waiting"
    assert await desk.pull("jonas") is None
    await desk.queues.return_call("c1", at=None)
    offered = await desk.pull("jonas")
    assert offered is not None
    assert offered.kind == "return_call"


async def test_a_mail_cannot_be_answered_by_an_exchange(desk: Desk):
    await desk.arrive("m1")
    await answered(desk, "m1", "maria")
    assert (await state(desk, "m1"))[0] == "waiting"


async def test_what_is_over_stays_over(desk: Desk):
    await call(desk, "c1")
    await desk.queues.cancel("c1", "hung_up")
    await answered(desk, "c1", "maria")
    assert (await state(desk, "c1"))[0] == "abandoned"
    assert await used(desk, "maria") == 0


async def test_answered_and_over_before_it_came_is_hers_or_nobodys_but_never_abandoned(desk: Desk):
    for contact_id, agent in (("c1", "maria"), ("c2", None)):
        await answered(desk, contact_id, agent)
        await desk.queues.cancel(contact_id, "hung_up", 3.0)
        await call(desk, contact_id)
    assert await state(desk, "c1") == ("assigned", "maria")
    assert desk.kafka.types("c2") == ["ContactRouted", "ContactQueued", "ContactCompleted"]
    assert (await desk.drift()).wrong == 0


async def test_who_has_called_a_visit_gives_it_back_and_it_waits_again_in_its_own_queue(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", channel=Channel.VISIT, queue_owner="qmatic")
    at = await desk.clock()
    await desk.queues.claim("c1", "maria", at, takes_over=True)
    assert await state(desk, "c1") == ("assigned", "maria")
    for _ in range(2):
        await desk.queues.take_back("c1", "qmatic", at + timedelta(seconds=2))
    assert (await state(desk, "c1"))[0] == "waiting"
    assert await used(desk, "maria") == 0
    assert await desk.pull("maria") is None
    await desk.queues.take_back("c1", "qmatic", at - timedelta(seconds=2))  # history
    await desk.queues.claim("c1", "maria", at + timedelta(seconds=1), takes_over=True)  # older than the giving back
    assert (await state(desk, "c1"))[0] == "waiting"
    assert desk.kafka.types("c1") == ["ContactRouted", "ContactQueued", "OfferAccepted", "ContactRequeued"]
    await desk.queues.claim("c1", None, at + timedelta(seconds=3))
    await desk.queues.take_back("c1", "qmatic", at + timedelta(seconds=4))
    seen = await desk.look.contact("c1")
    assert seen is not None
    assert (seen.state, seen.why_waiting) == ("waiting", "queue_of_another")
    await desk.queues.claim("c1", "maria", at + timedelta(seconds=5))
    assert await state(desk, "c1") == ("assigned", "maria")
    assert (await desk.drift()).wrong == 0


async def test_an_answer_that_was_given_back_before_its_contact_came_is_none(desk: Desk):
    at = await desk.clock()
    await desk.queues.claim("c1", "maria", at)
    await desk.queues.take_back("c1", "qmatic", at + timedelta(seconds=1))
    await desk.arrive("c1", channel=Channel.VISIT, queue_owner="qmatic")
    assert (await state(desk, "c1"))[0] == "waiting"
    assert await desk.redis.ttl(desk.domain.key("c:c1")) == -1
    assert (await desk.drift()).wrong == 0


async def test_nothing_is_given_back_that_is_in_our_own_queue(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", channel=Channel.VISIT)
    await desk.take("maria")
    await desk.queues.take_back("c1", "qmatic", await desk.clock())
    assert await state(desk, "c1") == ("assigned", "maria")
