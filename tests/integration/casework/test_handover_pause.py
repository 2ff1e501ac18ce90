"""The answer's clock, on the real database: asked for more, written, resumed, moved; and what the citizen hears."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.casework.domain.handover import HandoverStateError
from services.casework.usecases.pause_handover import BadPromiseError, CallTheCitizenError
from services.casework.usecases.work_case import EmptyTextError
from shared.events import Sender
from shared.vocabulary import CaseState
from tests.support.casework import MARIA, PER, Room, contact
from tests.support.handing import LINA, handed, hire, history, mails, rung, secret, seen, walked

pytestmark = pytest.mark.integration

FRIDAY_17 = datetime(2026, 11, 27, 16, tzinfo=UTC)
"""When the answer is promised: two working days from Wednesday morning."""
MONDAY_10 = datetime(2026, 11, 30, 9, tzinfo=UTC)


async def _asks(room: Room, one: str, text: str = "Vilket rum gäller det?", key: str | None = "k") -> None:
    await room.casework.ask_citizen.run(one, PER, "Per Dahl", text, key)


async def test_asked_for_more_the_citizen_gets_it_in_her_thread_and_the_clock_stands_still(room: Room):
    number, one = await handed(room)
    room.time.move(days=1)
    with pytest.raises(EmptyTextError):
        await _asks(room, one, " ")
    assert await rung(room, _asks(room, one)) == {MARIA.id}
    await _asks(room, one)
    [mail] = await mails(room, "reply")
    assert (mail["recipient"], mail["in_reply_to"]) == ("olle@medborgare.example", "<a@medborgare.example>")
    assert "Vilket rum gäller det?" in mail["body"]
    case, now = await seen(room, number)
    assert (now.state, now.paused_at, now.acknowledged_by) == ("acknowledged", room.time(), "Per Dahl")
    assert case.state is CaseState.HANDED_OVER
    [row] = await room.rows("SELECT waiting_since FROM casework.cases")
    assert row["waiting_since"] == room.time()
    assert len(await room.events("handover.paused.v1")) == 1
    room.time.move(days=30)
    assert await room.casework.watch_deadlines.run() == 0, "nothing is broken while we wait for the citizen"
    assert [kind["value"]["kind"] for kind in await room.events("deadline.missed.v1")] == []


async def test_when_she_writes_what_was_left_of_the_working_time_is_left_again(room: Room):
    number, one = await handed(room)
    room.time.move(days=1)
    await _asks(room, one)
    room.time.now = MONDAY_10
    case, _ = await seen(room, number)
    assert MARIA.id in await rung(
        room, room.casework.follow_contacts.run([room.followed("b", case.id, text="Sovrummet")])
    )
    _, now = await seen(room, number)
    assert (now.state, now.paused_at) == ("acknowledged", None)
    assert now.answer_by == datetime(2026, 12, 1, 16, tzinfo=UTC), "16 working hours were left on Thursday at 10"
    [told] = await room.events("handover.resumed.v1")
    assert (told["value"]["by"], datetime.fromisoformat(told["value"]["answer_by"])) == ("citizen", now.answer_by)
    [row] = await room.rows("SELECT k.waiting_since, h.paused_seconds FROM casework.cases k, casework.handovers h")
    assert row == {"waiting_since": None, "paused_seconds": 4 * 86400.0}
    assert ("resume", "Invånaren") in [(what, by) for what, by, _ in await history(room)]


async def test_a_robots_answer_is_not_the_citizens(room: Room):
    number, one = await handed(room)
    await _asks(room, one)
    case, _ = await seen(room, number)
    room.time.move(hours=1)
    await room.casework.follow_contacts.run([room.followed("b", case.id, text="Jag är på semester", automatic=True)])
    _, now = await seen(room, number)
    assert now.paused_at is not None


async def test_the_officer_lets_the_clock_run_on_by_hand_and_passes_on_only_then(room: Room):
    number, one = await handed(room)
    with pytest.raises(HandoverStateError) as refused:
        await room.casework.resume.run(one, PER, "Per Dahl")
    assert refused.value.detail == "Den väntar inte på invånaren."
    await _asks(room, one)
    room.time.move(hours=3)
    with pytest.raises(HandoverStateError) as refused:
        await room.casework.reassign.run(one, PER, "gata-och-park", "Er", "Per Dahl")
    assert refused.value.params["when"] == "10.00"
    await room.casework.resume.run(one, PER, "Per Dahl")
    _, now = await seen(room, number)
    assert now.answer_by == FRIDAY_17 + timedelta(days=3, hours=-6), "three hours of Friday became Monday morning"
    await room.casework.reassign.run(one, PER, "gata-och-park", "Er", "Per Dahl")


async def test_the_same_request_again_does_not_stop_the_clock_anew(room: Room):
    number, one = await handed(room)
    await _asks(room, one)
    await room.casework.resume.run(one, PER, "Per Dahl")
    room.time.move(hours=1)
    await _asks(room, one)
    _, now = await seen(room, number)
    assert now.paused_at is None
    assert len(await room.events("handover.paused.v1")) == 1
    assert [what for what, _, _ in await history(room)].count("ask_citizen") == 1


async def test_who_cannot_be_written_to_has_to_be_rung_up_and_nothing_is_paused(room: Room):
    number, one = await handed(room, sender=Sender(name="Olle", phone="+46701740690"))
    with pytest.raises(CallTheCitizenError):
        await _asks(room, one)
    _, now = await seen(room, number)
    assert (now.state, now.paused_at) == ("sent", None)


async def test_an_answer_and_a_return_end_the_wait(room: Room):
    for name, deed in (("a", room.casework.answer), ("b", room.casework.send_back)):
        number, one = await handed(room, name)
        await _asks(room, one, key=f"k-{name}")
        await deed.run(one, PER, "Per Dahl", "Klart ändå")
        _, now = await seen(room, number)
        assert now.paused_at is None
    assert await room.rows("SELECT 1 AS one FROM casework.cases WHERE waiting_since IS NOT NULL") == []


async def test_moved_for_a_reason_that_is_told_to_the_citizen_once(room: Room):
    number, one = await handed(room)
    for when in (room.time() - timedelta(hours=1), room.time() + timedelta(days=400)):
        with pytest.raises(BadPromiseError) as refused:
            await room.casework.move_answer.run(one, PER, "Per Dahl", when, "Snö")
        assert [fault.pointer for fault in refused.value.errors] == ["/answer_by"]
    later = FRIDAY_17 + timedelta(days=7)
    with pytest.raises(EmptyTextError):
        await room.casework.move_answer.run(one, PER, "Per Dahl", later, "")
    for _ in range(2):
        await room.casework.move_answer.run(one, PER, "Per Dahl", later, "Reservdelen är beställd.")
    [_, mail] = await mails(room, "notice")
    assert "senast 2026-12-04 kl. 17.00" in mail["body"]
    assert "Reservdelen är beställd." in mail["body"]
    [told] = [event["value"] for event in await room.events("handover.moved.v1")]
    assert datetime.fromisoformat(told["was"]) == FRIDAY_17
    assert "Reservdelen" not in str(told)
    _, now = await seen(room, number)
    assert (now.answer_by, now.state) == (later, "acknowledged")
    room.time.now = later - timedelta(days=1)
    assert await room.casework.watch_deadlines.run() == 0
    room.time.move(days=2)
    assert await room.casework.watch_deadlines.run() == 1, "the new promise counts anew"


async def test_a_broken_promise_that_is_moved_can_be_broken_again(room: Room):
    _, one = await handed(room)
    await room.casework.acknowledge.run(one, PER, "Per Dahl")
    room.time.now = MONDAY_10
    assert await room.casework.watch_deadlines.run() == 1
    await room.casework.move_answer.run(one, PER, "Per Dahl", MONDAY_10 + timedelta(days=1), "Snö")
    assert await room.casework.watch_deadlines.run() == 0
    room.time.move(days=2)
    assert await room.casework.watch_deadlines.run() == 1


async def test_the_citizen_hears_once_who_has_it_and_by_when_with_a_link_to_her_case(room: Room):
    _, one = await handed(room)
    await room.casework.hand_over.run(await room.number("a"), MARIA, request_id="r-a")
    [mail] = await mails(room, "notice")
    assert (mail["recipient"], mail["in_reply_to"]) == ("olle@medborgare.example", "<a@medborgare.example>")
    assert "överlämnat till Bostadsbolag. Du ska ha svar senast 2026-11-27 kl. 17.00" in mail["body"]
    assert "http://127.0.0.1:8103/lage/" in mail["body"]
    [row] = await room.rows("SELECT citizen_told_by FROM casework.handovers WHERE id = :id", id=one)
    assert row["citizen_told_by"] == FRIDAY_17
    case, _ = await seen(room, await room.number("a"))
    assert [message.kind for message in case.messages if message.direction == "out"].count("notice") == 1


async def test_under_secrecy_her_mail_names_no_unit(room: Room):
    number = await secret(room)
    await room.casework.hand_over.run(number, MARIA, request_id="r")
    [mail] = await mails(room, "notice")
    assert "överlämnat till en verksamhet i kommunen." in mail["body"]
    assert "Individ och familj" not in mail["body"] + mail["subject"]


@pytest.mark.parametrize(
    "facts",
    [
        {"automatic": True},
        {"sender": Sender(name="Olle", phone="+46701740690")},
        {"sender": Sender(name="Vi", email="Kontakt@kommun.example")},
    ],
    ids=["a robot", "no address", "our own"],
)
async def test_nobody_is_told_who_could_answer_as_a_robot_or_cannot_be_reached(room: Room, facts: dict[str, Any]):
    number = await walked(room, **facts)
    plan = await room.casework.preview_handover.run(number, MARIA)
    await room.casework.hand_over.run(number, MARIA, request_id="r")
    assert not await mails(room, "notice")
    assert plan.tells == ""
    [row] = await room.rows("SELECT citizen_told_by FROM casework.handovers")
    assert row["citizen_told_by"] is None


async def test_an_english_citizen_is_told_in_english(room: Room):
    await walked(room)
    await room.run(f"UPDATE casework.contacts SET language = 'en' WHERE id = '{contact('a')}'")  # noqa: S608 - our id
    await room.casework.hand_over.run(await room.number("a"), MARIA, request_id="r")
    [mail] = await mails(room, "notice")
    assert "You shall have an answer by 2026-11-27" in mail["body"]


async def test_when_the_clock_runs_on_the_citizen_hears_once_by_when_she_gets_it_now(room: Room):
    number, one = await handed(room)
    room.time.move(days=1)
    await _asks(room, one)
    assert await room.casework.tell_resumed.run() == 0
    room.time.now = MONDAY_10
    case, _ = await seen(room, number)
    await room.casework.follow_contacts.run([room.followed("b", case.id, text="Sovrummet")])
    assert [await room.casework.tell_resumed.run() for _ in range(3)] == [1, 0, 0]
    [_, mail] = await mails(room, "notice")
    assert "vi har fått det vi väntade på" in mail["body"]
    assert "senast 2026-12-01 kl. 17.00" in mail["body"]


async def test_moved_there_and_back_each_time_is_told(room: Room):
    _, one = await handed(room)
    for day in (7, 9, 7):
        room.time.move(minutes=1)
        await room.casework.move_answer.run(one, PER, "Per Dahl", FRIDAY_17 + timedelta(days=day), "Reservdel")
    assert len(await mails(room, "notice")) == 4


OWN_SIDE = (
    "bostadsbolag@kommun.example",
    " Officer-Lina-Ek@kommun.example",
    "larm@kommun.example",
    "hyra@kommun.example",
)
"""The unit's address, an officer's own, where its broken promises go, and what it writes from."""


async def _own_side(room: Room) -> None:
    await hire(room, LINA)
    await room.run(
        "INSERT INTO casework.unit_terms (unit, escalation_address, sender_address) "
        "VALUES ('bostadsbolag', 'larm@kommun.example', 'hyra@kommun.example')"
    )


@pytest.mark.parametrize("address", OWN_SIDE)
async def test_what_the_unit_itself_mails_makes_it_no_citizen(room: Room, address: str):
    await _own_side(room)
    number, one = await handed(room)
    await _asks(room, one)
    case, _ = await seen(room, number)
    room.time.move(hours=1)
    await room.casework.follow_contacts.run([room.followed("b", case.id, sender=Sender(email=address))])
    case, now = await seen(room, number)
    assert now.paused_at is not None, "the clock waits for the citizen still"
    assert (case.contact.id, case.reply_to) == (contact("a"), "olle@medborgare.example")
    await room.casework.resume.run(one, PER, "Per Dahl")
    await room.casework.move_answer.run(one, PER, "Per Dahl", MONDAY_10 + timedelta(days=9), "Vi väntar på delar")
    assert [mail["recipient"] for mail in await mails(room, "notice")] == ["olle@medborgare.example"] * 2
    assert not await mails(room, "news"), "nobody hears that the citizen has written"
    await room.casework.follow_routing.run([room.accepted("b")])
    await room.casework.answer.run(one, PER, "Per Dahl", "Nu är det lagat")
    assert [mail["recipient"] for mail in await mails(room, "reply")] == ["olle@medborgare.example"] * 2


@pytest.mark.parametrize("address", OWN_SIDE)
async def test_a_citizen_who_only_rings_is_not_reached_at_the_units_address(room: Room, address: str):
    await _own_side(room)
    number, one = await handed(room, sender=Sender(name="Olle", phone="+46701740690"))
    case, _ = await seen(room, number)
    await room.casework.follow_contacts.run([room.followed("b", case.id, sender=Sender(email=address))])
    with pytest.raises(CallTheCitizenError):
        await _asks(room, one)


async def test_an_officer_who_opened_the_case_herself_is_its_citizen(room: Room):
    await _own_side(room)
    number, one = await handed(room, sender=Sender(name="Lina", email="officer-lina-ek@kommun.example"))
    await _asks(room, one)
    case, _ = await seen(room, number)
    await room.casework.follow_contacts.run(
        [room.followed("b", case.id, sender=Sender(email="Officer-lina-ek@kommun.example"))]
    )
    _, now = await seen(room, number)
    assert now.paused_at is None
    assert [mail["recipient"] for mail in await mails(room, "reply")] == ["officer-lina-ek@kommun.example"]


@pytest.mark.parametrize("why", ["presumed", "protected"])
async def test_no_notice_names_the_unit_of_a_secret_case_by_its_sender_either(room: Room, why: str):
    number = await secret(room) if why == "presumed" else await walked(room)
    unit = (await room.casework.read_case.run(number, MARIA)).unit
    await room.run(
        "INSERT INTO casework.unit_terms (unit, sender_name, sender_address) "  # noqa: S608 - a seed's own id
        f"VALUES ('{unit}', 'Hemliga enheten', 'hemlig@kommun.example')"
    )
    if why == "protected":
        await room.casework.deeds.protect.run(number, MARIA, protected=True)
    one = (await room.casework.hand_over.run(number, MARIA, request_id="r", to="bostadsbolag")).id
    await room.casework.move_answer.run(one, PER, "Per Dahl", MONDAY_10, "Vi väntar på svar")
    await _asks(room, one)
    room.time.move(hours=1)
    await room.casework.resume.run(one, PER, "Per Dahl")
    await room.casework.tell_resumed.run()
    room.time.now = MONDAY_10 + timedelta(days=9)
    await room.casework.watch_deadlines.run()
    told = await mails(room, "notice")
    assert len(told) == 4
    for mail in told:
        for part in ("body", "html", "sender_name", "sender_address"):
            assert not [name for name in ("Hemliga", "hemlig@", "Bostadsbolag") if name in (mail[part] or "")], part
