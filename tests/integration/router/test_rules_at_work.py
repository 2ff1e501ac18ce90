"""The first table on a real Valkey: rings that widen, reserves, protected identities, and the load that rules ask."""

from typing import Any

import pytest

from services.router.domain.rule_table import FIRST_TABLE, compile_table
from services.router.domain.skills import profile_of
from services.router.store.load import Load
from services.router.usecases.route_contact import RouteContact
from services.router.usecases.teach import Taught
from shared.catalogue import Catalogue
from shared.consume import Received
from shared.events import ContactReceived
from shared.settings import ServiceSettings
from shared.vocabulary import Channel
from tests.integration.router.support import Desk
from tests.unit.router.test_route_circumstances import Owners, Rules

pytestmark = pytest.mark.integration

ROADS = profile_of(["gata"], ["sv"], list(Channel))
GENERALIST = profile_of(["*"], ["sv"], list(Channel))
RESERVE = profile_of(["*"], ["sv"], list(Channel), reserve=True)


async def come(desk: Desk, contact_id: str, **fields: Any) -> None:
    rules = Rules(compile_table("000001", FIRST_TABLE, strict=True))
    route = RouteContact(Catalogue(ServiceSettings()), Taught(), rules, desk.queues, Owners())  # type: ignore[arg-type] # the part of a rulebook it uses
    now = await desk.clock()
    values: dict[str, Any] = {"channel": Channel.PHONE, "entrance": "bostad-nummer", "unit": "bostad"}
    event = ContactReceived(contact_id=contact_id, received_at=now, **(values | fields))
    await route.handle([Received(event, "e", event.event_type, now, event.key, "contacts", 0, 0, None)])


async def later(desk: Desk, seconds: float) -> None:
    await desk.pass_time(seconds)
    await desk.sweep()


async def test_a_call_is_for_those_who_know_the_unit_then_for_everybody_then_for_reserves(desk: Desk):
    await come(desk, "c1")
    await desk.ready("roads", ROADS)
    assert await desk.pull("roads", profile=ROADS) is None
    await later(desk, 61)
    await desk.ready("roads", ROADS)
    await desk.ready("reserve", RESERVE)
    assert await desk.pull("reserve", profile=RESERVE) is None
    offered = await desk.pull("roads", profile=ROADS)
    assert offered is not None
    assert offered.contact_id == "c1"


async def test_reserves_are_called_in_after_three_minutes(desk: Desk):
    await come(desk, "c1")
    await later(desk, 181)
    await desk.ready("reserve", RESERVE)
    assert await desk.pull("reserve", profile=RESERVE) is not None


async def test_who_has_protected_identity_waits_for_somebody_who_may_know(desk: Desk):
    await come(desk, "c1", flags=("protected_identity",))
    await later(desk, 241)
    await desk.ready("maria", GENERALIST)
    assert await desk.pull("maria", profile=GENERALIST) is None
    trusted = profile_of(["gata", "protected"], ["sv"], list(Channel))
    await desk.ready("tora", trusted)
    assert await desk.pull("tora", profile=trusted) is not None


async def test_the_load_is_what_waits_and_two_seconds_old_at_most(desk: Desk):
    clock = [100.0]
    load = Load(desk.domain, now=lambda: clock[0])
    assert await load.waiting() == {}
    for number in range(3):
        await come(desk, f"c{number}", unit="gata" if number else "bostad")
    assert await load.waiting() == {}
    clock[0] += 2
    assert await load.waiting() == {"bostad": 1, "gata": 2}
