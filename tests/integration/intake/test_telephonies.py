"""The same calls over every telephony: a further one has its file, doors, and row in `tests/support/telephonies.py`."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from shared.events import ContactEnded, ContactReceived
from shared.ids import natural_contact_id
from shared.publish import Publisher, message
from shared.settings import ServiceSettings
from tests.integration.intake.doors import Intake, accepted, ended_events, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.telephonies import CALLS, LINES, SETTINGS, Call, Line, Said
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


@pytest.fixture(params=sorted(CALLS))
def telephony(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=sorted(LINES))
def player(request: pytest.FixtureRequest) -> Callable[..., Line]:
    return LINES[request.param]


@pytest.fixture
async def intake(settings: ServiceSettings, stocked: Publisher) -> AsyncIterator[Intake]:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, **SETTINGS), stocked) as running:
        yield running


@pytest.fixture
def line(player: Callable[..., Line], intake: Intake) -> Line:
    return player(intake.client)


@pytest.fixture
def call(telephony: str, intake: Intake) -> Call:
    return CALLS[telephony](intake.client)


async def received(read_contacts: ReadContacts) -> list[ContactReceived]:
    return [one.event for one in await read_contacts() if isinstance(one.event, ContactReceived)]


async def rings(line: Line) -> str:
    """Return the phone that rings when the sound is over, if one does."""
    said = await line.waits()
    return said.which if said.what == "phone" else ""


async def test_a_call_from_its_ring_to_its_end_with_every_request_told_again(
    intake: Intake, line: Line, read_contacts: ReadContacts
) -> None:
    said = await line.ring()
    assert said.what == "sound"
    for _ in range(5):
        assert await line.again() == said, "an answer that was lost is given again"
    (taken,) = await received(read_contacts)
    assert taken.contact_id == natural_contact_id("call", line.call_id)
    assert (taken.entrance, taken.sender.phone, taken.call_id) == ("vaxel", "+46701740605", line.call_id)
    for _ in range(3):
        said = await line.waits()
        assert said.what == "sound"
        assert await line.again() == said

    await intake.tell(message(accepted(taken.contact_id, epoch=1)))
    assert await eventually(lambda: rings(line), timeout=15) == "+46701740605"
    assert await line.again() == Said("phone", "+46701740605")
    said = await line.phone("busy")
    assert said.what == "sound"
    assert await line.again() == said
    await intake.tell(message(accepted(taken.contact_id, epoch=2)))
    assert await eventually(lambda: rings(line), timeout=15) == "+46701740605"
    for said in (await line.phone("success"), await line.again()):
        assert said == Said("over")

    for _ in range(2):
        assert await line.hang_up() < 300
    found = await eventually(lambda: ended_events(read_contacts))
    (ended,) = [one.event for one in found if isinstance(one.event, ContactEnded)]
    assert (ended.contact_id, ended.reason) == (taken.contact_id, "hung_up")
    assert await line.ring() == Said("over")
    assert len(await received(read_contacts)) == 1


async def test_who_hangs_up_while_she_waits_is_gone_once(call: Call, read_contacts: ReadContacts) -> None:
    for _ in range(3):
        await call.ring()
    for _ in range(3):
        assert await call.hang_up() < 300
    found = await eventually(lambda: ended_events(read_contacts))
    (ended,) = [one.event for one in found if isinstance(one.event, ContactEnded)]
    assert (ended.reason, ended.talk_seconds) == ("hung_up", 0)
    assert (await call.ring()).what in {"over", "own"}
    assert [one.contact_id for one in await received(read_contacts)] == [ended.contact_id]


async def test_nobody_is_rung_for_her_who_has_hung_up(intake: Intake, line: Line, read_contacts: ReadContacts) -> None:
    await line.ring()
    assert await line.hang_up() < 300
    await intake.tell(message(accepted(natural_contact_id("call", line.call_id), epoch=1)))
    await eventually(lambda: ended_events(read_contacts))
    assert await line.waits() == Said("over")


async def test_a_call_outlives_the_service(
    settings: ServiceSettings, stocked: Publisher, player: Callable[..., Line], read_contacts: ReadContacts
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    own = intake_settings(settings, **SETTINGS)
    async with started(own, stocked) as before:
        line = player(before.client)
        assert (await line.ring()).what == "sound"
        contact_id = natural_contact_id("call", line.call_id)
        await before.tell(message(accepted(contact_id, epoch=1)))
        await eventually(lambda: rings(line), timeout=15)
    async with started(own, stocked) as after:
        line.reach(after.client)
        assert await line.again() == Said("phone", "+46701740605")
        assert await line.phone("success") == Said("over")
        assert await line.hang_up() < 300
        assert await eventually(lambda: ended_events(read_contacts))
    assert len(await received(read_contacts)) == 1


async def test_who_withholds_her_number_is_a_contact_without_one(
    telephony: str, intake: Intake, read_contacts: ReadContacts
) -> None:
    assert (await CALLS[telephony](intake.client, caller="anonymous").ring()).what in {"sound", "own"}
    (taken,) = await received(read_contacts)
    assert (taken.sender.phone, taken.flags) == (None, ("withheld_number",))


async def test_the_same_id_at_two_telephonies_is_two_calls(intake: Intake, read_contacts: ReadContacts) -> None:
    for telephony, made in CALLS.items():
        assert (await made(intake.client, "CA" + "7" * 32).ring()).what in {"sound", "own"}, telephony
    assert len({one.contact_id for one in await received(read_contacts)}) == len(CALLS)


async def test_without_its_proof_nothing_is_taken_in(
    telephony: str, intake: Intake, read_contacts: ReadContacts
) -> None:
    transport = httpx.ASGITransport(intake.app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as outside:
        forged = CALLS[telephony](outside, proof="wrong")
        assert (await forged.ring()).what == "refused"
        assert await forged.hang_up() in {403, 404}
        assert (await CALLS[telephony](outside).ring()).what in {"sound", "own"}
    assert len(await received(read_contacts)) == 1
