"""How often an agent is offered something: her limit, her rest, and mail between calls, on a real Valkey."""

from typing import Any

import pytest

from shared.vocabulary import Channel
from tests.integration.router.support import Desk

pytestmark = pytest.mark.integration


async def state(desk: Desk, contact_id: str) -> tuple[str, str | None]:
    view = await desk.look.contact(contact_id)
    assert view is not None
    return view.state, view.owner


async def test_no_more_than_her_limit_in_a_window(desk: Desk):
    terms: dict[str, Any] = {"max_contacts": 2, "window_seconds": 600}
    await desk.ready("maria", **terms)
    for number in range(3):
        await desk.arrive(f"c{number}")
    for _ in range(2):
        contact, epoch = await desk.take("maria", **terms)
        await desk.queues.complete(contact, epoch, None)
    assert await desk.pull("maria", wait=1000, **terms) is None
    await desk.pass_time(601)
    await desk.ready("maria", **terms)
    await desk.sweep()
    await desk.ready("maria", **terms)
    assert await state(desk, "c2") == ("offered", "maria")


async def test_mail_comes_between_calls_when_she_has_been_idle(desk: Desk):
    terms: dict[str, Any] = {"blend_seconds": {Channel.EMAIL: 60}}
    await desk.ready("maria", **terms)
    await desk.arrive("mail", ago=3000)
    assert await desk.pull("maria", wait=1000, **terms) is None
    await desk.pass_time(61)
    await desk.ready("maria", **terms)
    await desk.sweep()
    assert await state(desk, "mail") == ("offered", "maria")


async def test_between_two_offers_there_is_a_pause(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1")
    await desk.arrive("c2")
    offer = await desk.pull("maria")
    assert offer is not None
    await desk.queues.decline(f"c1.{offer.epoch}", offer.epoch, "lunch")
    assert await desk.pull("maria", wait=100) is None
    await desk.pass_time(1.1)
    await desk.sweep()
    assert await state(desk, "c2") == ("offered", "maria")
