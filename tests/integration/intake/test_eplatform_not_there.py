"""An address where everything is 404, and a submission of which nothing can be said: trouble, and of nothing else."""

import asyncio

import pytest

from services.intake.channels.eplatform import UnreachableError
from services.intake.jobs.platform_round import TRIES
from services.intake.usecases.receive_instance import ReceiveInstance
from tests.integration.intake.platforms import Desk, events_of
from tests.integration.intake.reading import ReadContacts
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


async def test_what_not_even_a_person_can_be_told_of_stops_nobody(
    room: Desk, read_contacts: ReadContacts, monkeypatch: pytest.MonkeyPatch
):
    """It cannot be read, and the platform fails, or we do, just when it is to be published as it is."""
    room.peer.file(501).raw = b"<a>"
    for _ in range(TRIES - 1):
        await room.poll().once()
        room.time.pass_by(hours=1)
    room.peer.file(502)
    taken_in = ReceiveInstance.unreadable

    async def without_it(self: ReceiveInstance, *_: object) -> None:
        raise UnreachableError("just now")

    async def broken(self: ReceiveInstance, *_: object) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(ReceiveInstance, "unreadable", without_it)
    await room.poll().once()
    assert [one.text for one in await events_of(read_contacts)] == ["Trasig lampa 502"]
    monkeypatch.setattr(ReceiveInstance, "unreadable", broken)
    room.peer.file(503)
    for _ in range(TRIES):
        room.time.pass_by(hours=2)
        await room.poll().once()
    assert len(await events_of(read_contacts)) == 2
    assert "1 unreadable" in (await room.health.failing())["eplatform:kommunen.pending"]
    monkeypatch.setattr(ReceiveInstance, "unreadable", taken_in)
    room.time.pass_by(hours=2)
    await room.poll().once()
    assert [one.unreadable for one in await events_of(read_contacts)].count(True) == 1


async def test_a_platform_whose_whole_path_is_not_there_is_trouble_and_an_empty_one_is_none(room: Desk):
    await room.poll().once()
    assert "eplatform:kommunen" not in await room.health.failing()
    asked = len(room.peer.asked)
    await room.poll().once()  # what was there is not looked for each time
    assert sum("getinstance" not in one for one in room.peer.asked[asked:]) == 0
    after = await room.again()
    after.peer.lasting = True
    after.peer.troubles.append(("/", (404, {}, b"no such context")))
    with pytest.raises(UnreachableError, match="is its `url` right"):
        await after.poll().once()
    loop = asyncio.create_task(after.poll().run())
    await after.peer.wait_asked("/api/callback", 2)

    async def said() -> bool:
        return "404" in (await after.health.failing()).get("eplatform:kommunen", "")

    await eventually(said)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    await after.close()
