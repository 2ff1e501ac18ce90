"""What telephony says of a call that somebody has accepted: through, not answered, hung up, in whatever order."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.router.domain.ending import End
from services.router.settings import Settings
from services.router.store.queues import Destination, NoLongerYoursError
from shared.clock import utc_now
from shared.vocabulary import Channel, Presence
from tests.integration.router.support import Desk, open_desk

pytestmark = pytest.mark.integration

CALL: dict[str, Any] = {"channel": Channel.PHONE, "tells_connected": True}


@pytest.fixture
async def desk(router_settings: Settings) -> AsyncIterator[Desk]:
    """A domain in which a call is connecting for as long as the product's own default says."""
    default = Settings.model_fields["connecting_seconds"].default
    async with open_desk(router_settings.model_copy(update={"connecting_seconds": default})) as found:
        yield found
        assert (await found.drift()).wrong == 0


async def state(desk: Desk, contact_id: str = "c1") -> tuple[str, str | None]:
    view = await desk.look.contact(contact_id)
    assert view is not None
    return str(view.state), view.owner


async def test_a_call_whose_telephony_tells_is_connecting_until_it_is_through(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", **CALL)
    contact, epoch = await desk.take("maria")
    assert await state(desk) == ("connecting", "maria")
    for _ in range(2):
        await desk.queues.through(contact, epoch)
    assert await state(desk) == ("assigned", "maria")
    await desk.pass_time(3600)
    await desk.queues.not_answered(contact, epoch)
    await desk.be("maria", Presence.READY)
    await desk.sweep()
    assert await state(desk) == ("assigned", "maria")
    await desk.relayed()
    assert desk.kafka.types("c1").count("ContactConnected") == 1


async def test_a_call_taken_by_hand_is_hers_at_once(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", channel=Channel.PHONE)
    await desk.take("maria")
    assert await state(desk) == ("assigned", "maria")


async def test_a_return_call_is_hers_at_once_for_nobody_waits_in_a_phone(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", **CALL)
    await desk.queues.return_call("c1", at=None)
    await desk.take("maria")
    assert await state(desk) == ("assigned", "maria")


async def test_an_agent_whose_phone_is_silent_gives_the_caller_back_at_her_place(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", ago=40, **CALL)
    await desk.arrive("c2", ago=20, **CALL)
    contact, epoch = await desk.take("maria")
    for _ in range(2):
        await desk.queues.not_answered(contact, epoch)
    with pytest.raises(NoLongerYoursError):
        await desk.queues.connected(contact, epoch)
    await desk.ready("jonas")
    assert (await desk.take("jonas"))[0] == "c1"
    await desk.pass_time(2)
    assert (await desk.take("maria"))[0] == "c2"
    await desk.relayed()
    assert desk.kafka.types("c1") == [
        *("ContactRouted", "ContactQueued", "OfferMade", "OfferAccepted"),
        *("ContactRequeued", "OfferMade", "OfferAccepted"),
    ]


async def test_the_only_agent_is_asked_again_when_she_has_cooled_down(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", **CALL)
    await desk.queues.not_answered(*await desk.take("maria"))
    assert await desk.pull("maria") is None
    await desk.pass_time(desk.settings.cooldown_seconds + 1)
    await desk.ready("maria")
    await desk.sweep()
    assert (await desk.take("maria"))[0] == "c1"


async def test_a_caller_who_hangs_up_while_a_phone_rings_never_waits_again(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", **CALL)
    contact, epoch = await desk.take("maria")
    await desk.queues.cancel("c1", "hung_up", 0.0)
    await desk.queues.not_answered(contact, epoch)
    await desk.queues.through(contact, epoch)
    await desk.pass_time(desk.settings.connecting_seconds + 1)
    await desk.ready("maria")
    await desk.sweep()
    assert await state(desk) == ("assigned", "maria")
    await desk.queues.complete(contact, epoch, None)
    assert (await state(desk))[0] == "completed"


async def test_a_colleague_who_got_the_call_and_whose_phone_is_silent_gives_it_back(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", **CALL)
    contact, epoch = await desk.take("maria")
    await desk.queues.through(contact, epoch)
    await desk.ready("jonas")
    await desk.queues.requeue(contact, epoch, Destination(agent_id="jonas"), reason="x")
    contact, epoch = await desk.take("jonas")
    await desk.queues.not_answered(contact, epoch)
    assert (await state(desk))[0] in {"waiting", "offered"}


async def test_a_hang_up_that_comes_before_its_ring_ends_what_comes(desk: Desk):
    await desk.ready("maria")
    for _ in range(2):
        await desk.queues.cancel("c1", "hung_up", 0.0)
    await desk.arrive("c1", **CALL)
    await desk.arrive("c1", **CALL)
    await desk.queues.cancel("c1", "hung_up", 0.0)
    assert await desk.pull("maria") is None
    assert (await state(desk))[0] == "abandoned"
    await desk.relayed()
    assert desk.kafka.types("c1") == ["ContactRouted", "ContactQueued", "ContactAbandoned"]


async def test_a_hang_up_before_the_accept_withdraws_the_offer_and_refuses_the_accept(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", **CALL)
    offer = await desk.pull("maria")
    assert offer is not None
    for _ in range(2):
        await desk.queues.cancel("c1", "hung_up", 0.0)
    with pytest.raises(NoLongerYoursError):
        await desk.queues.accept(f"c1.{offer.epoch}", offer.epoch, "maria")
    assert (await state(desk))[0] == "abandoned"
    await desk.relayed()
    assert desk.kafka.types("c1")[-2:] == ["OfferMade", "ContactAbandoned"]


async def told(desk: Desk, kind: str) -> list[Any]:
    await desk.relayed()
    return [event for event in desk.kafka.events("c1") if type(event).__name__ == kind]


async def test_the_accept_says_that_it_is_no_answer_yet_and_the_line_when_it_was(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", ago=60, **CALL)
    contact, epoch = await desk.take("maria")
    await desk.pass_time(40)
    await desk.queues.through(contact, epoch, utc_now())
    [accepted] = await told(desk, "OfferAccepted")
    [through] = await told(desk, "ContactConnected")
    assert accepted.connecting is True
    assert through.waited_seconds == pytest.approx(60, abs=20)


async def test_of_a_caller_who_left_an_agent_it_is_told_once_how_even_after_the_end_of_the_case(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", **CALL)
    contact, epoch = await desk.take("maria")
    await desk.queues.complete(contact, epoch, None)
    for _ in range(2):
        await desk.queues.cancel("c1", "hung_up", 9.0, end=End(abandoned=False, short=False, waited_seconds=7.5))
    [left] = await told(desk, "ContactLeft")
    assert (left.agent_id, left.abandoned, left.short, left.waited_seconds) == ("maria", False, False, 7.5)


async def test_a_caller_whom_nobody_could_have_answered_is_told_apart_also_when_her_ring_comes_late(desk: Desk):
    await desk.queues.cancel("c1", "hung_up", 0.0, end=End(abandoned=True, short=True, waited_seconds=2))
    await desk.arrive("c1", **CALL)
    [left] = await told(desk, "ContactAbandoned")
    assert left.short is True
    await desk.arrive("c2", **CALL)
    await desk.queues.cancel("c2", "hung_up", 0.0, end=End(abandoned=True, short=False))
    await desk.relayed()
    assert [event.short for event in desk.kafka.events("c2") if hasattr(event, "short")] == [False]


async def test_words_about_a_call_that_nobody_knows_change_nothing(desk: Desk):
    await desk.queues.through("never", 1)
    await desk.queues.not_answered("never", 1)
    assert await desk.look.contact("never") is None
