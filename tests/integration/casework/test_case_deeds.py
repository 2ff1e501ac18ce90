"""Parking, reopening, merging, splitting and linking cases on the real database."""

from datetime import UTC, datetime, timedelta

import pytest

from services.casework.domain.case import TooOldError, WrongStateError
from services.casework.usecases.merge import OtherUnitError, SameCaseError, UnknownCaseError
from services.casework.usecases.notes import UnknownNoteError
from services.casework.usecases.park import ReminderTimeError
from services.casework.usecases.people import About
from services.casework.usecases.relate import NotByHandError
from shared.clock import local
from shared.errors import NotFoundError
from shared.events import ContactPurged
from shared.vocabulary import CaseState, Channel, LinkKind, PersonRole, Resolution, Role
from shared.web.access import Person
from tests.support.casework import LAMP, LENA, MARIA, PER, Room, contact

pytestmark = pytest.mark.integration

JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))


async def words_of(room: Room, number: str) -> list[str]:
    case = await room.casework.read_case.run(number, MARIA)
    return [
        row["what"]
        for row in await room.rows("SELECT what FROM casework.case_history WHERE case_id = :id ORDER BY id", id=case.id)
    ]


async def of_state(room: Room, number: str) -> tuple[CaseState, str | None]:
    case = await room.casework.read_case.run(number, MARIA)
    return case.state, case.agent_id


# Parking.


async def test_a_parked_case_rests_until_nine_the_next_working_day_and_then_lies_on_top_of_the_desk(room: Room):
    number = await room.open("a")
    other = await room.open("b")
    until = await room.casework.deeds.park.run(number, MARIA, why="Väntar på ritningar")
    assert local(until).isoformat() == "2026-11-26T09:00:00+01:00"
    desk = await room.casework.read_desk.run(MARIA.id)
    assert ([row.number for row in desk.cases], [row.number for row in desk.parked]) == ([other], [number])
    [told] = [one["value"] for one in await room.events("case.parked.v1")]
    assert (told["contact_id"], told["epoch"], told["by"]) == (contact("a"), 1, MARIA.id)
    assert await room.casework.deeds.wake.run() == 0
    room.time.now = until
    assert await room.casework.deeds.wake.run() == 1
    assert await room.casework.deeds.wake.run() == 0
    desk = await room.casework.read_desk.run(MARIA.id)
    assert [(row.number, row.reminded) for row in desk.cases] == [(number, True), (other, False)]
    assert await words_of(room, number) == ["park", "remind"]


async def test_a_reminder_lies_ahead_and_within_a_year(room: Room):
    number = await room.open("a")
    for wrong in (room.time(), room.time() - timedelta(days=1), room.time() + timedelta(days=400)):
        with pytest.raises(ReminderTimeError):
            await room.casework.deeds.park.run(number, MARIA, until=wrong)
    assert not await room.events("case.parked.v1")


async def test_waiting_for_the_citizen_is_added_to_the_promise(room: Room):
    number = await room.open("a")
    before = (await room.casework.read_case.run(number, MARIA)).due_at
    assert before is not None
    await room.casework.deeds.park.run(number, MARIA, until=room.time() + timedelta(days=2), waiting=True)
    room.time.move(hours=3)  # 13:00 in Stockholm: three working hours
    case = await room.casework.read_case.run(number, MARIA)
    await room.casework.follow_contacts.run([room.followed("b", case.id)])
    case = await room.casework.read_case.run(number, MARIA)
    assert case.state is CaseState.OPEN
    assert case.due_at == before + timedelta(hours=3)
    [row] = await room.rows("SELECT waiting_since FROM casework.cases WHERE number = :number", number=number)
    assert row["waiting_since"] is None


async def test_the_reminder_of_one_who_is_away_goes_to_her_substitute(room: Room):
    number = await room.open("a")
    until = await room.casework.deeds.park.run(number, MARIA)
    await room.run(
        f"UPDATE casework.people SET away_until = '2026-12-24', substitute = '{JONAS.id}' WHERE id = '{MARIA.id}'"  # noqa: S608 - our ids
    )
    room.time.now = until
    await room.casework.deeds.wake.run()
    assert await of_state(room, number) == (CaseState.OPEN, JONAS.id)


async def test_a_reminder_that_nobody_heeds_is_listed_for_supervisors(room: Room):
    number = await room.open("a")
    room.time.now = await room.casework.deeds.park.run(number, MARIA)
    await room.casework.deeds.wake.run()
    assert await room.casework.deeds.forgotten.run(MARIA) == ()
    room.time.move(hours=1, seconds=1)
    [late] = await room.casework.deeds.forgotten.run(MARIA)
    assert (late.number, late.agent_name) == (number, "Maria Lind")
    assert await room.casework.deeds.forgotten.run(LENA) == ()
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    assert await room.casework.deeds.forgotten.run(MARIA) == ()


async def test_an_open_case_whose_agent_has_left_is_listed_for_supervisors(room: Room):
    number = await room.open("a")
    assert await room.casework.deeds.forgotten.run(MARIA) == ()
    await room.run(f"UPDATE casework.people SET active = false WHERE id = '{MARIA.id}'")  # noqa: S608 - our id
    room.time.move(hours=1, seconds=1)
    [late] = await room.casework.deeds.forgotten.run(JONAS)
    assert (late.number, late.why, late.agent_name) == (number, "nobody", "")


async def test_a_mail_that_waits_in_its_queue_is_not_forgotten(room: Room):
    await room.casework.follow_contacts.run([room.received("a")])
    await room.casework.follow_routing.run([room.routed("a")])
    room.time.move(days=2)
    assert await room.casework.deeds.forgotten.run(MARIA) == ()


# Reopening.


async def test_a_case_is_reopened_within_its_limit_and_later_followed_up_by_a_new_one(room: Room):
    number = await room.open("a")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    room.time.move(days=30)
    await room.casework.reopen.run(number, JONAS)
    assert await of_state(room, number) == (CaseState.OPEN, JONAS.id)
    await room.casework.close.run(number, JONAS, resolution=Resolution.SOLVED)
    room.time.move(days=30, seconds=1)
    with pytest.raises(TooOldError) as refused:
        await room.casework.reopen.run(number, MARIA)
    assert refused.value.params == {"days": 30}
    made = [await room.casework.deeds.follow_up.run(number, MARIA, "request-1") for _ in "ab"]
    assert made[0] == made[1] != number
    new = await room.casework.read_case.run(made[0], MARIA)
    assert [(one.number, one.kind, one.back) for one in new.links] == [(number, "follow_up", False)]
    assert (new.agent_id, new.contact.sender_email, new.contact.text) == (MARIA.id, "olle@medborgare.example", "")
    old = await room.casework.read_case.run(number, MARIA)
    assert [(one.number, one.kind, one.back) for one in old.links] == [(made[0], "follow_up", True)]
    assert len(await room.events("case.opened.v1")) == 2


async def test_a_late_follow_up_mail_opens_a_new_case_that_the_router_types(room: Room):
    number = await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    room.time.move(days=31)
    for _ in "ab":
        await room.casework.follow_contacts.run([room.followed("b", case.id)])
    routed = room.routed("b", LAMP).model_copy(update={"follows": case.id})
    await room.casework.follow_routing.run([routed])
    assert (await of_state(room, number))[0] is CaseState.CLOSED
    fresh = await room.casework.read_case.run(await room.number("b"), MARIA)
    assert (fresh.case_type, [one.number for one in fresh.links]) == (LAMP, [number])
    assert not await room.events("case.reopened.v1")


@pytest.mark.parametrize("state", ["closed", "parked"])
async def test_what_a_machine_answers_wakes_no_case(room: Room, state: str):
    number = await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    if state == "closed":
        await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    else:
        await room.casework.deeds.park.run(number, MARIA)
    await room.casework.follow_contacts.run([room.followed("b", case.id, automatic=True, text="Jag är på semester")])
    case = await room.casework.read_case.run(number, MARIA)
    assert case.state == state
    assert "Jag är på semester" in [one.text for one in case.messages]
    assert not await room.events("case.reopened.v1")
    aside = [one["value"]["contact_id"] for one in await room.events("case.contact_set_aside.v1")]
    assert aside == ([contact("b")] if state == "closed" else [])
    if state == "closed":
        await room.casework.follow_routing.run([room.routed("b"), room.accepted("b", 2)])
        assert (await of_state(room, number))[0] is CaseState.CLOSED


# Merging.


async def test_a_merged_case_is_read_in_the_one_that_goes_on_and_counts_as_nothing(room: Room):
    first, second = await room.open("a"), await room.open("b", text="Fortfarande kallt")
    await room.casework.add_note.run(second, MARIA, "Elementen är kalla")
    await room.casework.reply.run(second, MARIA, "Vi tittar på det")
    plan = await room.casework.deeds.preview_merge.run(second, first, MARIA)
    assert (plan.contacts, plan.messages, plan.notes, plan.warnings) == (1, 1, 1, ())
    assert (await of_state(room, second))[0] is CaseState.OPEN
    for _ in "ab":
        await room.casework.deeds.merge.run(second, first, MARIA)
    goes_on = await room.casework.read_case.run(first, MARIA)
    assert [one.text for one in goes_on.contacts] == ["Det är kallt hemma.", "Fortfarande kallt"]
    assert ([one.text for one in goes_on.notes], goes_on.state) == (["Elementen är kalla"], CaseState.OPEN)
    assert "Vi tittar på det" in [one.text for one in goes_on.messages]
    assert [(one.number, one.kind, one.back) for one in goes_on.links] == [(second, "merged", True)]
    merged = await room.casework.read_case.run(second, MARIA)
    assert (merged.state, merged.resolution, merged.merged_into, merged.can) == (
        CaseState.CLOSED,
        None,
        first,
        frozenset({"unmerge"}),
    )
    [told] = [one["value"] for one in await room.events("case.merged.v1")]
    assert (told["contact_id"], told["epoch"], told["into_number"]) == (contact("b"), 1, first)
    assert not await room.events("case.closed.v1")
    desk = await room.casework.read_desk.run(MARIA.id)
    assert ([row.number for row in desk.cases], desk.done_today) == ([first], 0)


async def test_an_answer_to_the_merged_number_lands_in_the_case_that_goes_on(room: Room):
    first, second, third = [await room.open(name) for name in "abc"]
    ids = {number: (await room.casework.read_case.run(number, MARIA)).id for number in (first, second, third)}
    await room.casework.deeds.merge.run(third, second, MARIA)
    await room.casework.deeds.merge.run(second, first, MARIA)
    await room.casework.close.run(first, MARIA, resolution=Resolution.SOLVED)
    await room.casework.follow_contacts.run([room.followed("d", ids[third], text="Hör ni?")])
    goes_on = await room.casework.read_case.run(first, MARIA)
    assert (goes_on.state, goes_on.contacts[-1].text) == (CaseState.OPEN, "Hör ni?")
    assert (await of_state(room, third))[0] is CaseState.CLOSED
    await room.casework.follow_routing.run([room.accepted("d", 2, JONAS.id)])
    assert await of_state(room, first) == (CaseState.OPEN, JONAS.id)


async def test_a_citizen_in_the_phone_is_not_put_down_by_a_merge(room: Room):
    first = await room.open("a")
    await room.casework.follow_contacts.run([room.received("b", Channel.PHONE)])
    phone = [room.routed("b", channel=Channel.PHONE), room.accepted("b", 3, JONAS.id, Channel.PHONE)]
    await room.casework.follow_routing.run(phone)
    [second] = [row.number for row in (await room.casework.list_cases.run(MARIA, contact_id=contact("b"))).items]
    await room.casework.deeds.merge.run(second, first, JONAS)
    [told] = [one["value"] for one in await room.events("case.merged.v1")]
    assert (told["contact_id"], told["epoch"]) == (contact("a"), 1)
    goes_on = await room.casework.read_case.run(first, JONAS)
    assert (goes_on.agent_id, goes_on.contact.id, goes_on.contact.done_at) == (JONAS.id, contact("b"), None)
    await room.casework.close.run(first, JONAS, resolution=Resolution.SOLVED)
    [closed] = [one["value"] for one in await room.events("case.closed.v1")]
    assert (closed["contact_id"], closed["epoch"]) == (contact("b"), 3)


async def test_an_undone_merge_gives_each_case_its_own_back(room: Room):
    first, second = await room.open("a"), await room.open("b")
    await room.casework.add_note.run(second, MARIA, "Hör hit")
    await room.casework.deeds.merge.run(second, first, MARIA)
    await room.casework.add_note.run(first, MARIA, "Hör till det första")
    await room.casework.deeds.unmerge.run(second, MARIA)
    one, two = [await room.casework.read_case.run(number, MARIA) for number in (first, second)]
    assert [[note.text for note in case.notes] for case in (one, two)] == [["Hör till det första"], ["Hör hit"]]
    assert [[held.id for held in case.contacts] for case in (one, two)] == [[contact("a")], [contact("b")]]
    assert (two.state, two.merged_into, two.closed_at) == (CaseState.OPEN, None, None)
    assert [(link.number, link.kind) for link in two.links] == [(first, "split")]
    assert await words_of(room, second) == ["merge", "unmerge"]
    assert await words_of(room, first) == ["absorb", "split"]
    with pytest.raises(WrongStateError):
        await room.casework.deeds.unmerge.run(second, MARIA)


async def test_nothing_is_merged_or_linked_across_what_a_person_may_not_see(room: Room):
    first, second = await room.open("a"), await room.open("b", LAMP)
    await room.casework.classify.run(second, MARIA, LAMP)
    with pytest.raises(OtherUnitError):
        await room.casework.deeds.merge.run(second, first, MARIA)
    with pytest.raises(SameCaseError):
        await room.casework.deeds.merge.run(first, first, MARIA)
    with pytest.raises(UnknownCaseError):
        await room.casework.deeds.merge.run(first, second, PER)
    with pytest.raises(UnknownCaseError):
        await room.casework.deeds.link.run(first, second, LinkKind.RELATED, PER)
    with pytest.raises(NotFoundError):
        await room.casework.deeds.merge.run(first, second, LENA)
    await room.casework.deeds.link.run(first, second, LinkKind.RELATED, MARIA)
    assert (await room.casework.read_case.run(first, PER)).links == ()


# Splitting and linking.


async def test_a_contact_with_two_matters_becomes_two_cases(room: Room):
    number = await room.open("a", text="Det är kallt. Och gatlampan är trasig.")
    made = [await room.casework.deeds.split.run(number, MARIA, contact("a"), "request-1") for _ in "ab"]
    assert made[0] == made[1]
    new = await room.casework.read_case.run(made[0], MARIA)
    old = await room.casework.read_case.run(number, MARIA)
    assert (new.contact.text, new.agent_id, new.state) == (old.contact.text, MARIA.id, CaseState.OPEN)
    assert [one.id for one in old.contacts] == [contact("a")]
    assert [(one.number, one.kind, one.back) for one in old.links] == [(made[0], "split", True)]
    [told] = [one["value"] for one in await room.events("case.split.v1")]
    assert (told["case_number"], told["origin_number"]) == (made[0], number)
    await room.casework.classify.run(made[0], MARIA, LAMP)
    await room.casework.close.run(made[0], MARIA, resolution=Resolution.SOLVED)


async def test_a_contact_that_joined_the_wrong_case_moves_out(room: Room):
    number = await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    await room.casework.follow_contacts.run([room.followed("b", case.id, text="Något helt annat")])
    await room.casework.follow_routing.run([room.accepted("b", 2)])
    made = await room.casework.deeds.split.run(number, MARIA, contact("b"), "request-1")
    old, new = [await room.casework.read_case.run(one, MARIA) for one in (number, made)]
    assert [[held.id for held in one.contacts] for one in (old, new)] == [[contact("a")], [contact("b")]]
    assert (old.contact.id, new.contact.text) == (contact("a"), "Något helt annat")
    await room.casework.close.run(made, MARIA, resolution=Resolution.SOLVED)
    [closed] = [one["value"] for one in await room.events("case.closed.v1")]
    assert (closed["contact_id"], closed["epoch"]) == (contact("b"), 2)


async def test_links_are_shown_both_ways_and_taken_away(room: Room):
    first, second = await room.open("a"), await room.open("b")
    for _ in "ab":
        await room.casework.deeds.link.run(second, first, LinkKind.DUPLICATE, MARIA)
    one, two = [await room.casework.read_case.run(number, MARIA) for number in (first, second)]
    assert [(link.number, link.kind, link.back) for link in one.links] == [(second, "duplicate", True)]
    assert [(link.number, link.kind, link.back) for link in two.links] == [(first, "duplicate", False)]
    with pytest.raises(NotByHandError):
        await room.casework.deeds.link.run(first, second, LinkKind.MERGED, MARIA)
    await room.casework.deeds.unlink.run(first, second, LinkKind.DUPLICATE, MARIA)
    assert (await room.casework.read_case.run(second, MARIA)).links == ()
    assert await words_of(room, first) == ["link", "link"]


# Notes.


async def test_a_note_is_corrected_by_another_and_stays_readable(room: Room):
    number, other = await room.open("a"), await room.open("b")
    note = await room.casework.add_note.run(number, MARIA, "Porten är 4", "request-1")
    again = await room.casework.add_note.run(number, JONAS, "Porten är 6", "request-2", note)
    await room.casework.add_note.run(number, MARIA, "Porten är 8", "request-3", again)
    case = await room.casework.read_case.run(number, MARIA)
    assert [(one.text, [(late.author_name, late.text) for late in one.corrections]) for one in case.notes] == [
        ("Porten är 4", [("Jonas Berg", "Porten är 6"), ("Maria Lind", "Porten är 8")])
    ]
    with pytest.raises(UnknownNoteError):
        await room.casework.add_note.run(other, MARIA, "Fel", "request-4", note)


# Erasing.


async def test_complaint_15_what_is_erased_is_erased_in_every_case_that_had_it(room: Room):
    secret = "Kalle Hemlig"
    first, second = await room.open("a", text=secret), await room.open("b", text=secret)
    made = await room.casework.deeds.split.run(first, MARIA, contact("a"), "request-1")
    for number in (first, second, made):
        await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.CITIZEN, name=secret))
        await room.casework.add_note.run(number, MARIA, secret)
        await room.casework.save_draft.run(number, MARIA, secret)
        await room.casework.gaps.report.run(number, MARIA, secret)
    await room.casework.deeds.merge.run(second, first, MARIA)
    await room.casework.deeds.park.run(made, MARIA, why=secret)
    purged = [ContactPurged(contact_id=contact(name), purged_at=room.time(), reason="retention") for name in "ab"]
    await room.casework.follow_contacts.run(purged)
    for table in (
        "contacts",
        "cases",
        "messages",
        "notes",
        "drafts",
        "case_people",
        "case_history",
        "run_steps",
        "mails_out",
        "knowledge_gaps",
    ):
        rows = await room.rows(f"SELECT t::text AS row FROM casework.{table} AS t")  # noqa: S608 - our tables
        assert not [row for row in rows if secret in row["row"] or "olle@" in row["row"]], table


async def test_time_is_told_in_words_when_a_deed_is_refused(room: Room):
    number = await room.open("a")
    room.time.now = datetime(2026, 11, 25, 9, 32, tzinfo=UTC)
    await room.casework.close.run(number, JONAS, resolution=Resolution.SOLVED)
    with pytest.raises(WrongStateError) as refused:
        await room.casework.deeds.park.run(number, MARIA)
    assert refused.value.detail.format(**refused.value.params) == "Ärendet avslutades av Jonas Berg kl. 10.32."
    room.time.move(days=1)
    with pytest.raises(WrongStateError) as refused:
        await room.casework.close.run(number, MARIA, resolution=Resolution.REFERRED)
    assert refused.value.detail.format(**refused.value.params) == "Ärendet avslutades av Jonas Berg den 2026-11-25."
