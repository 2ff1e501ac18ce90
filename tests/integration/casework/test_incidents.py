"""Incidents on a real database: opened once, linked once, told, answered to all exactly once, closed."""

import asyncio
import functools
import multiprocessing
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from services.casework.domain.incident import IncidentClosedError, IncidentFaultyError, Said
from services.casework.usecases.answer_incident import Answer
from services.casework.usecases.work_case import EmptyTextError
from shared.catalogue import Catalogue
from shared.errors import ForbiddenError, KeyReusedError, NotFoundError
from shared.events import AlarmRaised, ContactEnded, Sender
from shared.records import RECORD_TYPES
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, Resolution, Role
from shared.web.access import Person
from tests.support.answering import answer
from tests.support.casework import COLD, LAMP, LENA, MARIA, NO_CHECKLIST, PER, Room, contact
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))
LEAK = Said(
    "Vattenläcka på Norra torget", "Vattnet är borta. Vi lagar det.", "bostadsbolag", greeting="Vi vet om läckan."
)


async def told(room: Room) -> Catalogue:
    """Return the catalogue as the others know it by what stands in the outbox."""
    catalogue = Catalogue(ServiceSettings())
    for row in await room.rows("SELECT type, key, value FROM casework.outbox WHERE topic = 'catalogue' ORDER BY id"):
        made = RECORD_TYPES[row["type"]].model_validate_json(bytes(row["value"])) if row["value"] else None
        catalogue.apply(row["key"], made)
    return catalogue


async def of_unit(room: Room, entrance: str = "bostad-nummer") -> list[str]:
    """Return the titles of incidents that the others would say at an entrance."""
    catalogue = await told(room)
    entrance_rows = await room.rows("SELECT * FROM casework.entrances WHERE id = :id", id=entrance)
    record = {**entrance_rows[0], "default": False}
    catalogue.apply(f"entrance:{entrance}", RECORD_TYPES["catalogue.entrance.v1"].model_validate(record))
    return [one.title for one in catalogue.incidents_at(entrance)]


async def history(room: Room, number: str) -> list[str]:
    rows = await room.rows(
        "SELECT h.what FROM casework.case_history h JOIN casework.cases c ON c.id = h.case_id "
        "WHERE c.number = :number AND h.what LIKE 'incident%' ORDER BY h.id",
        number=number,
    )
    return [row["what"] for row in rows]


async def replies(room: Room) -> list[tuple[str, str]]:
    rows = await room.rows("SELECT recipient, body FROM casework.messages WHERE kind = 'reply' ORDER BY recipient, at")
    return [(row["recipient"], row["body"]) for row in rows]


async def citizen(room: Room, name: str, case_type: str | None = NO_CHECKLIST, **facts: object) -> str:
    sender = Sender(name=name.title(), email=f"{name}@medborgare.example")
    return await room.open(name, case_type, **{"sender": sender, "person_key": f"2026:{name}", **facts})


async def caller(room: Room, name: str) -> str:
    """A call that is over, from somebody who has no address."""
    sender = Sender(phone="+46701740670")
    await room.casework.follow_contacts.run([room.received(name, Channel.PHONE, sender=sender, message_id=None)])
    accepted = room.accepted(name, channel=Channel.PHONE)
    await room.casework.follow_routing.run([room.routed(name, NO_CHECKLIST, Channel.PHONE), accepted])
    ended = ContactEnded(contact_id=contact(name), channel=Channel.PHONE, ended_at=room.time(), reason="hangup")
    await room.casework.follow_contacts.run([ended])
    return await room.number(name)


async def test_it_is_told_while_it_lasts_and_is_gone_at_its_end(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    assert await of_unit(room) == ["Vattenläcka på Norra torget"]
    assert await of_unit(room, "gata-nummer") == []
    end = room.time() + timedelta(hours=3)
    await incidents.change.run(leak, OSKAR, {"title": "Stor läcka", "expected_end": end, "entrances": ("gata-nummer",)})
    assert (await of_unit(room), await of_unit(room, "gata-nummer")) == ([], ["Stor läcka"])
    view = (await incidents.read.run(leak, OSKAR)).incident
    assert (view.text, view.greeting, view.expected_end, view.late) == (LEAK.text, LEAK.greeting, end, False)
    room.time.move(hours=4)
    assert (await incidents.read.run(leak, OSKAR)).incident.late
    await incidents.close.run(leak, OSKAR)
    await incidents.close.run(leak, OSKAR)
    assert await of_unit(room, "gata-nummer") == []
    [tombstone] = await room.rows("SELECT key FROM casework.outbox WHERE value IS NULL")
    assert tombstone["key"] == f"incident:{leak}"
    for deed in (
        incidents.change.run(leak, OSKAR, {"title": "x"}),
        incidents.link.run(leak, await citizen(room, "a"), MARIA),
    ):
        with pytest.raises(IncidentClosedError):
            await deed
    found = await incidents.list.run(OSKAR)
    assert (len(found.open), [one.closed_by for one in found.closed]) == (0, ["Oskar Vik"])


async def test_it_is_opened_once_for_a_request_and_what_cannot_be_used_is_refused(room: Room):
    incidents = room.casework.incidents
    first, again = [await incidents.open.run(OSKAR, LEAK, "one") for _ in "ab"]
    assert first == again
    assert len(await room.events("catalogue.incident.v1")) == 1
    with pytest.raises(KeyReusedError):
        await incidents.open.run(OSKAR, Said("Annat", "Annat", "bostadsbolag"), "one")
    with pytest.raises(IncidentFaultyError) as refused:
        await incidents.open.run(OSKAR, Said(" ", "", "ingen", ("x",), ("y",), "", room.time()))
    fields = [one.pointer for one in refused.value.errors]
    assert fields == ["/title", "/text", "/unit", "/entrances", "/case_types", "/expected_end"]
    assert len((await incidents.list.run(OSKAR)).open) == 1


async def test_who_may_not_is_refused(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(PER, LEAK)
    for person in (MARIA, LENA):
        with pytest.raises(ForbiddenError):
            await incidents.open.run(person, LEAK)
    for deed in (incidents.change.run, incidents.answer_all.run, incidents.close.run):
        given = {"title": "x"} if deed == incidents.change.run else Answer("x")
        with pytest.raises(ForbiddenError):
            await deed(leak, MARIA, given)  # type: ignore[arg-type] # each with what it takes
        with pytest.raises(NotFoundError):
            await deed(leak, LENA, given)  # type: ignore[arg-type] # each with what it takes
    with pytest.raises(ForbiddenError):
        await incidents.change.run(leak, PER, {"unit": "bygg-och-plan"})
    assert (await incidents.list.run(LENA)).open == ()
    with pytest.raises(NotFoundError):
        await incidents.read.run(leak, LENA)
    owner = Person("karin", "Karin", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
    await incidents.link.run(leak, await citizen(room, "a"), MARIA)
    view = await incidents.read.run(leak, owner)
    assert (view.cases, view.hidden, view.incident.linked, view.may_manage) == ((), 1, 1, True)


async def test_a_case_is_linked_once_told_once_and_the_link_is_taken_back(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    number = await citizen(room, "anna")
    for _ in "ab":
        await incidents.link.run(leak, number, MARIA)
    [event] = await room.events("incident.case_linked.v1")
    assert (event["value"]["incident_id"], event["value"]["case_number"], event["value"]["by"]) == (
        leak,
        number,
        MARIA.id,
    )
    assert event["value"]["contact_id"] == contact("anna")
    assert (await incidents.of_case.run(event["value"]["case_id"])) == ((leak, LEAK.title, True),)
    for _ in "ab":
        await incidents.unlink.run(leak, number, MARIA)
    assert (await incidents.read.run(leak, OSKAR)).incident.linked == 0
    [undone] = await room.events("incident.case_unlinked.v1")
    same = ("incident_id", "case_id", "case_number", "contact_id", "by")
    assert [undone["value"][name] for name in same] == [event["value"][name] for name in same]
    assert await history(room, number) == ["incident_linked", "incident_unlinked"]
    await incidents.link.run(leak, number, MARIA)
    assert len(await room.events("incident.case_linked.v1")) == 2, "linked again is news"


async def test_sixty_calls_about_one_leak_are_one_incident_and_sixty_contacts(room: Room):
    """products.md 16 (osTicket#1225): contacts are attached to one incident, and counted by person and hour."""
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    for place in range(60):
        number = await citizen(room, f"boende{place}", person_key=f"2026:hushall{place % 40}")
        await incidents.link.run(leak, number, MARIA)
        room.time.move(minutes=2)
    view = await incidents.read.run(leak, OSKAR)
    assert (view.incident.linked, view.incident.persons, view.incident.last_hour) == (60, 40, 29)
    assert [hour.linked for hour in view.hours] == [30, 30]
    assert len(view.cases) == 60
    [row] = (await incidents.list.run(OSKAR)).open
    assert row.linked == 60


async def test_the_desk_sees_what_concerns_the_case_and_what_it_probably_is_about(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, Said("Läcka", "Vi lagar.", "bostadsbolag", case_types=(NO_CHECKLIST,)))
    lamps = await incidents.open.run(OSKAR, Said("Mörkt", "Elfel.", "gata-och-park", greeting="Vi vet."))
    number = await citizen(room, "anna")
    case = await room.casework.read_case.run(number, MARIA)
    seen = await incidents.at_desk.run(MARIA, case)
    assert [(one.id, one.likely, one.greets, one.mine) for one in seen.here] == [(leak, True, True, False)]
    assert [one.id for one in seen.others] == [lamps]
    assert seen.only is not None
    await incidents.link.run(lamps, number, MARIA)
    seen = await incidents.at_desk.run(MARIA, case)
    assert [(one.id, one.mine) for one in seen.here] == [(leak, False), (lamps, True)]
    assert (seen.only, seen.linked and seen.linked.id) == (None, lamps)
    idle = await incidents.at_desk.run(MARIA)
    assert [one.id for one in idle.here] == [leak, lamps]


async def test_an_incident_is_opened_from_an_alarm_that_then_stands_no_more(room: Room):
    alarm = AlarmRaised(
        alarm_id="alarm-1",
        series={"case_type": LAMP},
        since=room.time(),
        count=12,
        expected=2,
        low=1,
        high=5,
        odds=100,
        text="Sex gånger fler än vanligt om släckta gatlampor",
        at=room.time(),
    )
    await room.casework.follow_load.run([alarm])
    incidents = room.casework.incidents
    fill = await incidents.prefill.run("alarm-1")
    assert (fill.title, fill.unit, fill.case_types) == ("Gatlampan utanför oss är släckt", "gata-och-park", (LAMP,))
    assert (await incidents.prefill.run("nothing")).unit == ""
    assert [(await incidents.at_desk.run(one)).may_open for one in (MARIA, OSKAR, PER)] == [
        frozenset(),
        frozenset({"alarm-1"}),
        frozenset(),
    ]
    await incidents.open.run(
        OSKAR, Said(fill.title, "Elfel.", fill.unit, case_types=fill.case_types, alarm_id="alarm-1")
    )
    assert (await incidents.at_desk.run(OSKAR)).alarms == ()


async def test_all_get_one_answer_in_their_own_thread_and_who_has_no_address_is_called(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    numbers = [await citizen(room, name) for name in ("anna", "bo")]
    call = await caller(room, "cia")
    for number in (*numbers, call):
        await incidents.link.run(leak, number, MARIA)
    with pytest.raises(EmptyTextError):
        await incidents.answer_all.run(leak, OSKAR, Answer("  "))
    await incidents.answer_all.run(leak, OSKAR, Answer("Nu är det lagat."))
    assert await incidents.answer_job.run() == 2
    assert await incidents.answer_job.run() == 0
    assert await replies(room) == [(f"{name}@medborgare.example", "Nu är det lagat.") for name in ("anna", "bo")]
    mails = await room.rows("SELECT in_reply_to FROM casework.mails_out WHERE kind = 'reply' ORDER BY in_reply_to")
    assert [mail["in_reply_to"] for mail in mails] == ["<anna@medborgare.example>", "<bo@medborgare.example>"]
    view = await incidents.read.run(leak, OSKAR)
    assert [(row.number, row.phone) for row in view.calls] == [(call, "+46701740670")]
    assert view.progress is not None
    assert (view.progress.answered, view.progress.calls, view.progress.waiting) == (2, 1, 0)
    await incidents.answer_by_phone.run(leak, call, MARIA)
    view = await incidents.read.run(leak, OSKAR)
    assert view.calls == ()
    assert await history(room, call) == ["incident_linked", "incident_answered"]
    states = [(await room.casework.read_case.run(number, MARIA)).state for number in (*numbers, call)]
    assert set(states) == {"open"}


async def test_the_same_words_reach_nobody_twice_other_words_reach_all_and_who_came_later_gets_them_then(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    await incidents.link.run(leak, await citizen(room, "anna"), MARIA)
    await incidents.answer_all.run(leak, OSKAR, Answer("Vi letar."))
    await incidents.answer_job.run()
    room.time.move(minutes=5)
    await incidents.link.run(leak, await citizen(room, "bo"), MARIA)
    await incidents.answer_job.run()
    assert [words for _, words in await replies(room)] == ["Vi letar."]
    later = (await incidents.read.run(leak, OSKAR)).progress
    assert later is not None
    assert later.later == 1
    room.time.move(minutes=5)
    await incidents.answer_all.run(leak, OSKAR, Answer("Vi letar."))
    await incidents.answer_job.run()
    room.time.move(minutes=5)
    await incidents.close.run(leak, OSKAR, Answer("Lagat."))
    await incidents.answer_job.run()
    anna, bo = "anna@medborgare.example", "bo@medborgare.example"
    assert await replies(room) == [(anna, "Vi letar."), (anna, "Lagat."), (bo, "Vi letar."), (bo, "Lagat.")]


async def test_an_answer_closes_the_open_cases_if_asked_but_none_that_is_not_done(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    plain, obligatory = await citizen(room, "anna"), await citizen(room, "bo", COLD)
    closed, call = await citizen(room, "cia"), await caller(room, "dag")
    await room.casework.close.run(closed, MARIA, resolution=Resolution.REFERRED)
    for number in (plain, obligatory, closed, call):
        await incidents.link.run(leak, number, MARIA)
    await room.rewrite(
        "UPDATE casework.checklist_versions SET body = jsonb_set(body, '{steps,0,obligatory}', 'true') "
        "WHERE id = 'bostad-kallt'"
    )
    await incidents.close.run(leak, OSKAR, Answer("Lagat.", close_cases=True))
    await incidents.answer_job.run()
    views = {number: await room.casework.read_case.run(number, MARIA) for number in (plain, obligatory, closed, call)}
    assert (views[plain].state, views[plain].resolution) == ("closed", "lost_av_kc")
    assert views[obligatory].state == "open"
    assert views[closed].resolution == "hanvisad_annan_part"
    assert views[call].state == "open"
    assert len(await replies(room)) == 3
    await incidents.answer_by_phone.run(leak, call, MARIA)
    assert (await room.casework.read_case.run(call, MARIA)).state == "closed"
    assert [one["value"]["by"] for one in await room.events("case.closed.v1")] == [MARIA.id, OSKAR.id, MARIA.id]


async def test_a_case_that_goes_on_in_another_one_is_answered_there_and_not_twice(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    first, second, third = [await citizen(room, name) for name in ("anna", "bo", "cia")]
    for number in (first, second):
        await incidents.link.run(leak, number, MARIA)
    await room.casework.deeds.merge.run(first, second, MARIA)
    await incidents.answer_all.run(leak, OSKAR, Answer("Vi letar."))
    await incidents.answer_job.run()
    await room.casework.deeds.merge.run(second, third, MARIA)
    await incidents.answer_job.run()
    assert [words for _, words in await replies(room)] == ["Vi letar."]
    room.time.move(minutes=5)
    await incidents.answer_all.run(leak, OSKAR, Answer("Lagat."))
    await incidents.answer_job.run()
    assert [words for _, words in await replies(room)].count("Lagat.") == 1


async def test_two_hundred_are_answered_once_though_the_process_is_killed_in_the_middle(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    names = [f"boende{place:03}" for place in range(200)]
    addresses = [f"{name}@medborgare.example" for name in names]
    mails = [room.received(name, sender=Sender(email=f"{name}@medborgare.example")) for name in names]
    await room.casework.follow_contacts.run(mails)
    for row in await room.rows("SELECT number FROM casework.cases"):
        await incidents.link.run(leak, row["number"], MARIA)
    await incidents.answer_all.run(leak, OSKAR, Answer("Nu är det lagat.", close_cases=True))

    async def written() -> int:
        return len(await replies(room))

    for enough in (30, 80):
        process = multiprocessing.get_context("spawn").Process(target=answer, args=(room.settings.postgres,))
        process.start()
        await eventually(functools.partial(_at_least, written, enough), 60)
        process.kill()
        await asyncio.to_thread(process.join, 10)
        assert await written() < len(names)
    await asyncio.gather(*(incidents.answer_job.run() for _ in "ab"))
    assert [recipient for recipient, _ in await replies(room)] == addresses
    assert len(await room.rows("SELECT 1 FROM casework.mails_out WHERE kind = 'reply'")) == len(names)
    assert {row["state"] for row in await room.rows("SELECT state FROM casework.cases")} == {"closed"}
    assert len(await room.events("case.closed.v1")) == len(names)
    assert await incidents.answer_job.run() == 0


async def _at_least(written: Callable[[], Awaitable[int]], enough: int) -> bool:
    return await written() >= enough


async def test_who_rang_is_called_though_the_unit_has_mailed_in_her_case(room: Room):
    incidents = room.casework.incidents
    leak = await incidents.open.run(OSKAR, LEAK)
    number = await caller(room, "cia")
    await room.casework.hand_over.run(number, MARIA, request_id="r", to="bostadsbolag")
    case = (await room.rows("SELECT id FROM casework.cases"))[0]["id"]
    unit = Sender(email="bostadsbolag@kommun.example")
    await room.casework.follow_contacts.run([room.followed("b", case, sender=unit)])
    await incidents.link.run(leak, number, MARIA)
    await incidents.answer_all.run(leak, OSKAR, Answer("Nu är det lagat."))
    assert await incidents.answer_job.run() == 0
    assert [row.number for row in (await incidents.read.run(leak, OSKAR)).calls] == [number]
