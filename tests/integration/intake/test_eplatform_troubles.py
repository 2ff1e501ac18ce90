"""What goes wrong at a platform or with us while submissions are read: nothing is lost, and nobody is held up."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.channels.eplatform import Platform, UnreachableError
from services.intake.domain import form
from services.intake.jobs.platform_round import TRIES
from shared.catalogue import Catalogue
from shared.errors import LogUnavailableError
from shared.events import CaseOpened
from shared.originals import original_key
from shared.publish import Message, Publisher
from shared.settings import ServiceSettings
from shared.vocabulary import Channel
from tests.integration.intake.platforms import FAMILY, NOW, Desk, desk, events_of, follow_ups
from tests.integration.intake.reading import ReadContacts
from tests.support.eplatform_peer import File, query

pytestmark = pytest.mark.integration


class Deaf:
    """A log that takes events and dies before it says so, or does not answer at all."""

    def __init__(self, publisher: Publisher, *, takes: bool) -> None:
        self._publisher, self._takes = publisher, takes

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None:  # noqa: ASYNC109 - as Publisher's
        if self._takes:
            await self._publisher.publish(*messages, timeout=timeout)
        raise LogUnavailableError("no answer")


@pytest.mark.parametrize("takes", [True, False])
async def test_a_log_that_dies_costs_no_submission_and_repeats_only_the_same_event(
    room: Desk, publisher: Publisher, read_contacts: ReadContacts, takes: bool
):
    room.peer.file(501)
    with pytest.raises(LogUnavailableError):
        await room.poll(log=Deaf(publisher, takes=takes)).once()
    assert await room.queue.waiting("kommunen") == {}  # nothing is confirmed that may not have arrived
    after = await room.again()
    await after.poll().once()
    read = await read_contacts()
    assert len({one.id for one in read}) == 1
    assert len(read) == (2 if takes else 1)
    await after.answer().once()
    assert room.peer.filed[501].external_id == read[0].event.key
    await after.close()


class Kill(BaseException):
    """The process ends here."""


async def test_a_kill_between_publishing_and_the_note_of_it_is_made_good(room: Desk, read_contacts: ReadContacts):
    room.peer.file(501)

    class Killed(type(room.book)):  # type: ignore[misc] # the store itself, with one step that never returns
        async def published(self, *_: Any, **__: Any) -> None:
            raise Kill

    with pytest.raises(Kill):
        await room.poll(book=Killed(room.engine)).once()
    assert room.peer.told == []
    after = await room.again()
    await after.poll().once()
    await after.answer().once()
    assert len({one.id for one in await read_contacts()}) == 1
    assert len(room.peer.told) == 1
    await after.close()


async def test_a_completion_follows_a_first_version_that_was_published_and_never_noted(
    room: Desk, read_contacts: ReadContacts
):
    room.peer.file(501)

    class Killed(type(room.book)):  # type: ignore[misc] # the store itself, with one step that never returns
        async def published(self, *_: Any, **__: Any) -> None:
            raise Kill

    with pytest.raises(Kill):
        await room.poll(book=Killed(room.engine)).once()
    (first,) = await events_of(read_contacts)
    case = CaseOpened(
        case_id="case-1", case_number="KC-2026-000001", contact_id=first.contact_id, channel=Channel.E_SERVICE,
        entrance="formular", unit="kontaktcenter", opened_at=NOW,
    )  # fmt: skip
    after = await room.again()
    await after.became(case)
    room.peer.file(501, query("mer", "Komplettering", "Det gäller hörnet"))  # before we could read the first again
    room.time.pass_by(minutes=11)
    await after.poll().once()
    assert [one.follows for one in await follow_ups(read_contacts)] == ["case-1"]
    await after.close()


HTML = (200, {"Content-Type": "text/html"}, b"<html>Logga in</html>")


@pytest.mark.parametrize(
    "trouble",
    [
        (503, {"Retry-After": "7"}, b""),
        (500, {}, b"oj"),
        (429, {}, b""),
        (502, {}, b""),
        "hang",
        "drip",
        "cut",
    ],
)
@pytest.mark.parametrize("where", ["getinstances", "getinstance/"])
async def test_a_platform_that_is_away_is_asked_again_and_nothing_is_lost(
    room: Desk, read_contacts: ReadContacts, trouble: Any, where: str
):
    for number in (501, 502, 503):
        room.peer.file(number)
    room.peer.troubles += [(where, trouble)] * (1 if where == "getinstances" else 3)
    with pytest.raises(UnreachableError) as raised:
        await room.poll().once()
    assert raised.value.wait == (7.0 if trouble == (503, {"Retry-After": "7"}, b"") else 0.0)
    room.time.pass_by(minutes=1)
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 3


@pytest.mark.parametrize("trouble", [(500, {}, b"oj"), (302, {"Location": "/underhall"}, b""), HTML, "cut"])
async def test_a_submission_that_the_platform_always_fails_at_stops_nobody(
    room: Desk, read_contacts: ReadContacts, trouble: Any
):
    for number in (501, 502, 503):
        room.peer.file(number)
    room.peer.lasting = True
    room.peer.troubles.append(("getinstance/501", trouble))
    for _ in range(TRIES + 1):
        await room.poll().once()
        room.time.pass_by(hours=1)
    assert sorted(one.text for one in await events_of(read_contacts)) == ["Trasig lampa 502", "Trasig lampa 503"]
    assert "1 unreachable" in (await room.health.failing())["eplatform:kommunen.pending"]
    room.peer.troubles.clear()
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 3
    assert "eplatform:kommunen.pending" not in await room.health.failing()


async def test_the_loop_says_that_the_platform_is_away_and_goes_on_by_itself(room: Desk, read_contacts: ReadContacts):
    room.peer.file(501)
    room.peer.troubles += [("getinstances", (503, {}, b""))] * 3
    loop = asyncio.create_task(room.poll().run())
    await room.peer.wait_asked("getinstances", 1)
    await room.peer.wait_asked("getinstance/", 1)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert sum("getinstances" in one for one in room.peer.asked) >= 4
    await room.poll().once()  # what the stop interrupted
    assert len(await events_of(read_contacts)) == 1


async def test_no_login_of_ours_follows_a_redirect(room: Desk):
    room.peer.troubles.append(("getinstances", (302, {"Location": f"{room.peer.url}/elsewhere"}, b"")))
    with pytest.raises(UnreachableError, match="302, which is not followed"):
        await room.poll().once()
    assert not any("elsewhere" in one for one in room.peer.asked)


async def test_a_refused_login_is_tried_seldom(room: Desk):
    room.peer.password = "nytt"
    with pytest.raises(UnreachableError, match="login refused") as raised:
        await room.poll().once()
    assert raised.value.wait >= 300
    room.peer.password = room.platform.password
    for number in (501, 502, 503):
        room.peer.file(number)
    room.peer.troubles.append(("getinstance/", (401, {}, b"")))
    with pytest.raises(UnreachableError, match="login refused") as raised:
        await room.poll().once()
    assert raised.value.wait >= 300


async def test_of_many_families_one_finds_out_that_the_login_is_refused(
    settings: ServiceSettings, intake_engine: AsyncEngine, catalogue: Catalogue, publisher: Publisher
):
    platform = Platform("kommunen", "", "", families=tuple(replace(FAMILY, id=str(number)) for number in range(1, 6)))
    async with desk(settings, intake_engine, catalogue, publisher, platform) as room:
        room.peer.password = "nytt"
        with pytest.raises(UnreachableError, match="login refused"):
            await room.poll().once()
        assert len(room.peer.asked) == 1


async def test_a_family_without_rights_delays_no_other(
    settings: ServiceSettings,
    intake_engine: AsyncEngine,
    catalogue: Catalogue,
    publisher: Publisher,
    read_contacts: ReadContacts,
):
    platform = Platform("kommunen", "", "", families=(replace(FAMILY, id="1"), FAMILY))
    async with desk(settings, intake_engine, catalogue, publisher, platform) as room:
        room.peer.closed.add("1")
        room.peer.file(501)
        await room.poll().once()
        assert len(await events_of(read_contacts)) == 1
        assert (await room.health.failing())["eplatform:kommunen.family.1"] == "login refused (403)"
        room.peer.closed.clear()
        await room.poll().once()
        assert "eplatform:kommunen.family.1" not in await room.health.failing()


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><FlowInstance>&b;</FlowInstance>'
EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><FlowInstance>&a;</FlowInstance>'


@pytest.mark.parametrize("raw", [BOMB, EXTERNAL, b"", b"<a>" * 100_000])
async def test_what_cannot_be_read_stops_nobody_and_a_person_sees_it_in_the_end(
    room: Desk, read_contacts: ReadContacts, raw: bytes
):
    room.peer.file(501).raw = raw
    room.peer.file(502)
    await room.poll().once()
    assert [one.text for one in await events_of(read_contacts)] == ["Trasig lampa 502"]
    assert "1 unreadable" in (await room.health.failing())["eplatform:kommunen.pending"]
    for _ in range(TRIES):
        room.time.pass_by(hours=1)
        await room.poll().once()
    (found,) = [one for one in await events_of(read_contacts) if one.unreadable]
    assert (found.text, found.flags) == ("", ())
    assert await room.originals.get(original_key(found.contact_id)) == raw
    assert len(await events_of(read_contacts)) == 2
    assert "eplatform:kommunen.pending" not in await room.health.failing()
    await room.answer().once()
    assert room.peer.filed[501].confirmations == [
        (False, "Kunde inte läsas av kontaktcenter; en person tittar på det.")
    ]


async def test_what_was_a_bad_moment_is_read_when_it_is_over(room: Desk, read_contacts: ReadContacts):
    room.peer.file(501)
    room.peer.troubles.append(("getinstance/", HTML))
    await room.poll().once()
    assert await events_of(read_contacts) == []
    await room.poll().once()
    assert await events_of(read_contacts) == []  # not at once
    room.time.pass_by(minutes=1)
    await room.poll().once()
    assert [one.unreadable for one in await events_of(read_contacts)] == [False]


async def test_an_instance_or_file_that_is_too_large_is_said_and_kept_from_memory(
    settings: ServiceSettings,
    intake_engine: AsyncEngine,
    catalogue: Catalogue,
    publisher: Publisher,
    read_contacts: ReadContacts,
):
    platform = Platform("kommunen", "", "", most_bytes=100_000)
    async with desk(settings, intake_engine, catalogue, publisher, platform) as room:
        room.peer.file(501, query("a", "b", "x" * 200_000))
        big, small = File("stor.bin", b"x" * 200_000, inline=False), File("liten.txt", b"hej", inline=False)
        room.peer.file(502, files=(big, small))
        for _ in range(TRIES):
            await room.poll().once()
            room.time.pass_by(hours=1)
        by_text = {one.text: one for one in await events_of(read_contacts)}
        assert by_text[""].unreadable
        with_file = by_text["Trasig lampa 502"]
        assert ([one.name for one in with_file.attachments], with_file.flags) == (["liten.txt"], ("files_missing",))


async def test_an_instance_that_is_not_there_for_a_while_is_taken_in_when_it_is(
    room: Desk, read_contacts: ReadContacts
):
    room.peer.file(501)
    room.peer.troubles.append(("getinstance/", (404, {}, b"")))
    await room.poll().once()
    assert "1 gone" in (await room.health.failing())["eplatform:kommunen.pending"]
    room.time.pass_by(minutes=1)
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 1
    assert "eplatform:kommunen.pending" not in await room.health.failing()


async def test_an_instance_that_is_taken_away_is_forgotten_until_it_is_listed_again(
    room: Desk, read_contacts: ReadContacts
):
    filed = room.peer.file(501)
    room.peer.troubles.append(("getinstance/", (404, {}, b"")))
    await room.poll().once()
    del room.peer.filed[501]
    for _ in range(TRIES):
        room.time.pass_by(hours=1)
        await room.poll().once()
    assert await events_of(read_contacts) == []
    assert "eplatform:kommunen.pending" not in await room.health.failing()
    room.peer.filed[501] = filed
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 1


async def test_a_listing_that_fails_uses_up_no_try_of_what_is_put_off(room: Desk, read_contacts: ReadContacts):
    room.peer.file(501)
    room.peer.troubles.append(("getinstance/", (404, {}, b"")))
    await room.poll().once()
    room.peer.lasting = True
    room.peer.troubles += [("getinstances", (503, {}, b"")), ("getinstance/", (404, {}, b""))]
    for _ in range(TRIES):
        room.time.pass_by(hours=1)
        with pytest.raises(UnreachableError):
            await room.poll().once()
    room.peer.troubles.clear()
    await room.poll().once()
    assert len(await events_of(read_contacts)) == 1


async def test_an_instance_that_our_own_reader_breaks_at_stops_nobody_either(
    room: Desk, read_contacts: ReadContacts, monkeypatch: pytest.MonkeyPatch
):
    room.peer.file(501, query("a", "b", "spräng"))
    room.peer.file(502)
    words = form.words

    def broken(fields: Mapping[str, object] | None) -> form.Words:
        if "spräng" in str(fields):
            raise ValueError("a mistake of ours")
        return words(fields)

    monkeypatch.setattr("services.intake.domain.form.words", broken)
    for _ in range(TRIES):
        await room.poll().once()
        room.time.pass_by(hours=1)
    assert sorted((one.text, one.unreadable) for one in await events_of(read_contacts)) == [
        ("", True),
        ("Trasig lampa 502", False),
    ]
