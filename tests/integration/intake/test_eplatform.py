"""An e-service platform is read: every version of a submission once, whatever the platform or the process does."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.channels.eplatform import Platform
from services.intake.domain.instance import Told
from shared.catalogue import Catalogue
from shared.events import CaseOpened, ContactReceived
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.vocabulary import Channel
from tests.integration.intake.platforms import FAMILY, NOW, Desk, desk, events_of, follow_ups
from tests.integration.intake.reading import ReadContacts
from tests.support.eplatform_peer import File, query

pytestmark = pytest.mark.integration


def opened(contact_id: str, case_id: str = "case-1") -> CaseOpened:
    return CaseOpened(
        case_id=case_id, case_number="KC-2026-000001", contact_id=contact_id, channel=Channel.E_SERVICE,
        entrance="formular", unit="kontaktcenter", opened_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-8"])
async def test_a_submission_is_a_contact_with_its_original_and_files_and_is_confirmed(
    room: Desk, read_contacts: ReadContacts, encoding: str
):
    room.peer.encoding = encoding
    files = (File("../bild å.png", b"\x89PNG\r\n\x1a\n"), File("plan.pdf", b"%PDF-1.7 x", inline=False))
    room.peer.file(501, query("arende", "Vad gäller det?", "Lampan på Åsgatan är trasig"), files=files)
    assert await room.poll().once() == room.platform.poll_seconds
    (event,) = await events_of(read_contacts)
    assert (event.channel, event.entrance, event.form, event.flags) == (
        Channel.E_SERVICE,
        "formular",
        "kontakta-oss",
        (),
    )
    assert event.fields == {"Vad gäller det?": "Lampan på Åsgatan är trasig"}
    assert (event.sender.name, event.sender.email) == ("Anna Berg", "anna@example.se")
    assert b"Vad g\xe4ller" in await room.originals.get(str(event.original_key)) or encoding == "UTF-8"
    assert [one.name for one in event.attachments] == ["bild å.png", "plan.pdf"]
    assert await room.originals.get(event.attachments[1].store_key) == b"%PDF-1.7 x"
    assert await room.answer().once() == 0.0
    assert room.peer.filed[501].external_id == event.contact_id
    (told,) = room.peer.told
    assert told[0] == "confirmDelivery"
    assert (told[1]["System"], told[1]["delivered"]) == ("Kontaktcenter", "true")
    assert await room.queue.waiting("kommunen") == {}


async def test_rounds_that_overlap_and_a_restart_take_nothing_twice(room: Desk, read_contacts: ReadContacts):
    for number in (501, 502):
        room.peer.file(number)
    await room.poll().once()
    fetched = sum("getinstance/" in one for one in room.peer.asked)
    room.peer.file(503)
    await room.poll().once()
    after = await room.again()
    await after.poll().once()
    assert len(await events_of(read_contacts)) == 3
    assert sum("getinstance/" in one for one in room.peer.asked) == fetched + 1  # only what has changed is fetched
    await after.answer().once()  # the platform notes it, which changes its lines
    await after.poll().once()
    assert len(await events_of(read_contacts)) == 3
    assert len(room.peer.told) == 3
    await after.close()


async def test_a_completion_follows_the_case_of_the_first_version(room: Desk, read_contacts: ReadContacts):
    room.peer.file(501)
    await room.poll().once()
    (first,) = await events_of(read_contacts)
    room.peer.file(501, query("mer", "Komplettering", "Det gäller hörnet"))
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 1  # the case is not known yet: it waits
    assert "case_unknown" in (await room.health.failing())["eplatform:kommunen.pending"]
    await room.became(opened(first.contact_id))
    room.time.pass_by(minutes=1)
    await room.poll().once()
    (second,) = await follow_ups(read_contacts)
    assert (second.follows, second.text) == ("case-1", "Det gäller hörnet")
    assert second.contact_id != first.contact_id
    assert "eplatform:kommunen.pending" not in await room.health.failing()
    await room.answer().once()
    assert room.peer.filed[501].external_id == first.contact_id  # the platform keeps the first id, and is told no other
    assert {one[1]["ID"] for one in room.peer.told if one[0] == "confirmDelivery"} == {first.contact_id}
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 2


async def test_a_completion_whose_case_is_never_known_is_a_contact_of_its_own_in_the_end(
    room: Desk, read_contacts: ReadContacts
):
    room.peer.file(501)
    await room.poll().once()
    room.peer.file(501, query("mer", "Komplettering", "mer"))
    for _ in range(3):
        await room.poll().once()
        room.time.pass_by(hours=9)
    await room.poll().once()
    events = await events_of(read_contacts)
    assert [type(one) for one in events] == [ContactReceived, ContactReceived]


@pytest.mark.parametrize("days_of", ["event", "added"])
async def test_a_completion_is_found_by_whatever_day_the_platform_lists_it(
    room: Desk, read_contacts: ReadContacts, days_of: str
):
    room.peer.days_of = days_of
    room.peer.file(501)
    await room.poll().once()
    (first,) = await events_of(read_contacts)
    await room.became(opened(first.contact_id))
    for clock in (room.time, room.peer):
        clock.now += timedelta(days=40)
    room.peer.file(501, query("mer", "Komplettering", "mer"))
    for _ in range(3):  # windows are read one after the other
        await room.poll().once()
    assert len(await follow_ups(read_contacts)) == 1


@pytest.mark.parametrize("skew", [timedelta(hours=-20), timedelta(hours=20), timedelta(days=1)])
async def test_a_clock_that_goes_wrong_at_the_platform_loses_nothing(
    room: Desk, read_contacts: ReadContacts, skew: timedelta
):
    await room.poll().once()
    room.peer.now += skew
    room.peer.file(501)
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 1


async def test_what_was_sent_in_before_the_family_was_ours_is_not_taken(room: Desk, read_contacts: ReadContacts):
    room.peer.now -= timedelta(days=60)
    old = room.peer.file(400)
    old.event = room.peer.now + timedelta(days=60)  # an officer has touched it since
    room.peer.now += timedelta(days=60)
    room.peer.file(501)
    await room.poll().once()
    (event,) = await events_of(read_contacts)
    assert event.text == "Trasig lampa 501"
    assert room.peer.told == []


async def test_thousands_are_read_in_pages_and_in_windows(
    settings: ServiceSettings,
    intake_engine: AsyncEngine,
    catalogue: Catalogue,
    publisher: Publisher,
    read_contacts: ReadContacts,
):
    family = replace(FAMILY, since=date(2026, 7, 1))
    platform = Platform("kommunen", "", "", families=(family,), page=90)
    async with desk(settings, intake_engine, catalogue, publisher, platform) as room:
        room.peer.now -= timedelta(days=140)
        for number in range(1, 401):
            room.peer.file(number)
            room.peer.now += timedelta(hours=8)
        poll, rounds = room.poll(), []
        while True:
            before = sum("getinstance/" in one for one in room.peer.asked)
            pause = await poll.once()
            rounds.append(sum("getinstance/" in one for one in room.peer.asked) - before)
            if pause:
                break
        assert max(rounds) <= 90
        assert sum(rounds) == 400
        assert len(await events_of(read_contacts)) == 400
        assert await poll.once() == room.platform.poll_seconds
        while not await room.answer().once():
            pass
        assert len({one[1]["flowInstanceID"] for one in room.peer.told}) == 400


async def test_a_listing_that_is_too_large_is_asked_for_in_halves(
    room: Desk, read_contacts: ReadContacts, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("services.intake.channels.eplatform.MOST_OF_A_LISTING", 4_000)
    for number in range(1, 13):
        room.peer.file(number)
        room.peer.now -= timedelta(hours=40)
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 12


async def test_only_the_statuses_that_are_named_are_listed(
    settings: ServiceSettings,
    intake_engine: AsyncEngine,
    catalogue: Catalogue,
    publisher: Publisher,
    read_contacts: ReadContacts,
):
    family = replace(FAMILY, statuses=("Inskickat", "Komplettering / åter"), answers={Told.CLOSED: "Avslutat"})
    platform = Platform("kommunen", "", "", families=(family,))
    async with desk(settings, intake_engine, catalogue, publisher, platform) as room:
        room.peer.file(501)
        room.peer.file(502).status = "Avslutat"
        room.peer.file(503).status = "Komplettering / åter"
        await room.poll().once()
        assert {one.text for one in await events_of(read_contacts)} == {"Trasig lampa 501", "Trasig lampa 503"}
