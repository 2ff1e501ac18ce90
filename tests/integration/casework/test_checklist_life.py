"""The life of checklists on a real database: written, approved, published on its day, changed urgently, told."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.casework.domain.checklist import Checklist
from services.casework.domain.lifecycle import (
    Act,
    BadEndError,
    InWorkError,
    NeedsReasonError,
    OvertakenError,
    OwnWorkError,
    Phase,
    StaleVersionError,
    TooLateError,
    UnreadyError,
    Version,
    WrongPhaseError,
)
from services.casework.domain.local_facts import FactMovedError
from services.casework.domain.triggers import Trigger, TriggerKind
from services.casework.usecases.checklists.acting import CaseTypeTakenError
from services.casework.usecases.checklists.reading import acts
from shared.errors import ForbiddenError, KeyReusedError, NotFoundError
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import COLD, LAMP, MARIA, NO_CHECKLIST, Room

pytestmark = pytest.mark.integration

COLD_ID = "bostad-kallt"
KARIN = Person("owner-karin-strom", "Karin Ström", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
ULF = Person("owner-ulf-back", "Ulf Bäck", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
EVA = Person("editor-eva-ros", "Eva Ros", frozenset({Role.EDITOR}), frozenset({"*"}))
LENA = Person("officer-lena-hall", "Lena Håll", frozenset({Role.OWNER}), frozenset({"bygg-och-plan"}))


async def fill(room: Room, unit: str = "bostadsbolag") -> None:
    """Give every local fact of the unit a value."""
    for one in (await room.casework.checklists.facts.run(KARIN, unit))[0].facts:
        await room.casework.checklists.set_fact.run(KARIN, unit, one.name, "7")


async def drafted(room: Room, words: str = "Är alla iskalla?") -> Version:
    """Begin a draft of the cold flat's checklist with other words."""
    begun = await room.casework.checklists.draft.run(KARIN, COLD_ID)
    return await room.casework.checklists.write.run(KARIN, worded(begun.checklist, words), begun.revision)


def worded(checklist: Checklist, words: str) -> Checklist:
    first, *rest = checklist.steps
    return replace(checklist, steps=(replace(first, text=words), *rest))


async def approved(room: Room, version: Version) -> Version:
    sent = await room.casework.checklists.submit.run(KARIN, version.id, version.number, version.revision)
    return await room.casework.checklists.approve.run(ULF, sent.id, sent.number, sent.revision)


async def told(room: Room) -> list[tuple[str, str, object]]:
    """Return what the catalogue says, and forget it."""
    found = [
        (one["type"], one["key"], one["value"] and (one["value"].get("version") or one["value"].get("checklist")))
        for one in await room.events()
    ]
    await room.run("DELETE FROM casework.outbox")
    return found


async def mails(room: Room) -> list[str]:
    rows = await room.rows("SELECT subject, recipient FROM casework.mails_out WHERE kind = 'checklist' ORDER BY id")
    return sorted(f"{row['subject'].split(':')[0]} → {row['recipient']}" for row in rows)


async def phases(room: Room) -> list[tuple[int, str, bool]]:
    rows = await room.rows(
        "SELECT version, phase, current FROM casework.checklist_versions WHERE id = :id ORDER BY version", id=COLD_ID
    )
    return [(row["version"], row["phase"], row["current"]) for row in rows]


async def test_a_version_is_written_approved_by_another_and_published_by_the_editor(room: Room):
    house = room.casework.checklists
    number = await room.open("one")
    draft = await drafted(room)
    assert (draft.number, draft.phase, draft.based_on, draft.revision) == (2, Phase.DRAFT, 1, 2)
    assert await told(room)  # of the case; nothing of the draft
    with pytest.raises(InWorkError):
        await house.draft.run(KARIN, COLD_ID)
    with pytest.raises(StaleVersionError):
        await house.write.run(KARIN, worded(draft.checklist, "Något"), 1)
    same = await house.write.run(KARIN, draft.checklist, draft.revision)
    assert same.revision == draft.revision
    sent = await house.submit.run(KARIN, COLD_ID, 2, draft.revision)
    with pytest.raises(WrongPhaseError):
        await house.write.run(KARIN, worded(draft.checklist, "Nu då?"), sent.revision)
    with pytest.raises(OwnWorkError):
        await house.approve.run(KARIN, COLD_ID, 2, sent.revision)
    with pytest.raises(UnreadyError) as unready:
        await house.approve.run(ULF, COLD_ID, 2, sent.revision)
    lacks = ("gransvarde_innetemperatur", "gransvarde_akut", "journummer")
    assert {one.pointer for one in unready.value.errors} == {f"/params/{one}" for one in lacks}
    await fill(room)
    back = await house.reject.run(ULF, COLD_ID, 2, " Skriv tydligare. ", sent.revision)
    assert (back.phase, back.note) == (Phase.DRAFT, "Skriv tydligare.")
    ready = await approved(room, back)
    assert acts(EVA, ready) == {Act.SCHEDULE, Act.PUBLISH, Act.WITHDRAW}
    assert acts(ULF, ready) == {Act.REJECT, Act.WITHDRAW}
    await told(room)
    with pytest.raises(ForbiddenError):
        await house.publish.run(ULF, COLD_ID, 2, ready.revision)
    live = await house.publish.run(EVA, COLD_ID, 2, ready.revision)
    assert (live.current, live.published_at) == (True, room.time())
    assert await phases(room) == [(1, "superseded", False), (2, "published", True)]
    assert await told(room) == [
        ("catalogue.checklist.v1", f"checklist:{COLD_ID}", 2),
        ("catalogue.case_type.v1", f"case_type:{COLD}", {"id": COLD_ID, "version": 2}),
    ]
    case = await room.casework.read_case.run(number, MARIA)
    assert case.checklist is not None
    assert case.checklist.version == 1
    newer = await house.newer.run(COLD_ID, 1)
    assert newer is not None
    assert (newer.version, newer.urgent) == (2, False)
    assert await house.newer.run(COLD_ID, 2) is None
    assert await mails(room) == ["Checklista att godkänna → ulf.back@kommun.example"] * 2  # sent twice; not to Karin
    acted = [(row["what"], row["by_name"]) for row in await house.history.run(KARIN, COLD_ID) if row["version"] == 2]
    by = dict.fromkeys(("begin", "write", "submit"), KARIN.name) | {"reject": ULF.name, "approve": ULF.name}
    steps = ("begin", "write", "submit", "reject", "submit", "approve")
    assert acted == [*((one, by[one]) for one in steps), ("publish", EVA.name)]


async def test_nobody_acts_in_another_unit_or_beyond_her_role(room: Room):
    house = room.casework.checklists
    draft = await drafted(room)
    assert COLD_ID not in {one.id for one in await house.list.run(LENA)}
    for run in (house.submit, house.recall, house.approve, house.publish, house.review):
        with pytest.raises(NotFoundError):
            await run.run(LENA, COLD_ID, draft.number)
    with pytest.raises(NotFoundError):
        await house.history.run(LENA, COLD_ID)
    for person in (EVA, MARIA):
        with pytest.raises(ForbiddenError):
            await house.approve.run(person, COLD_ID, draft.number)
    with pytest.raises(ForbiddenError):
        await house.draft.run(MARIA, "bostad-fel-ingen-aterkoppling")
    elsewhere = replace(draft.checklist, owner_unit="Bygg och plan")
    with pytest.raises(ForbiddenError):
        await house.write.run(KARIN, elsewhere, draft.revision)
    with pytest.raises(NotFoundError):  # a draft is nobody's to read but its unit's
        await room.casework.read_catalogue.checklist(COLD_ID, draft.number)
    with pytest.raises(NeedsReasonError):
        await house.withdraw.run(KARIN, COLD_ID, draft.number, "  ")
    gone = await house.withdraw.run(KARIN, COLD_ID, draft.number, "Behövs inte.")
    assert (gone.phase, (await phases(room))[0]) == (Phase.WITHDRAWN, (1, "published", True))


async def test_a_new_checklist_begins_once_for_a_key_and_takes_a_free_case_type(room: Room):
    house = room.casework.checklists
    plain = (await house.read.run(KARIN, COLD_ID, 1)).checklist
    fresh = replace(plain, id="bostad-uppsagning", case_type=NO_CHECKLIST)
    made = await house.create.run(KARIN, fresh, "key-1")
    again = await house.create.run(KARIN, fresh, "key-1")
    assert (made.number, made.based_on, again) == (1, None, made)
    with pytest.raises(KeyReusedError):
        await house.create.run(KARIN, replace(fresh, id="annan"), "key-1")
    with pytest.raises(CaseTypeTakenError):
        await house.create.run(KARIN, replace(fresh, id="annan", case_type=LAMP))
    await fill(room)
    ready = await approved(room, made)
    await house.publish.run(EVA, made.id, 1, ready.revision)
    row = (await room.rows("SELECT checklist_version FROM casework.case_types WHERE id = :id", id=NO_CHECKLIST))[0]
    assert row["checklist_version"] == 1
    await told(room)
    await house.withdraw.run(EVA, made.id, 1, "Fel i lagen.")
    assert [one[1:] for one in await told(room)] == [
        (f"case_type:{NO_CHECKLIST}", None),
        ("checklist:bostad-uppsagning", None),
    ]
    row = (await room.rows("SELECT checklist_version FROM casework.case_types WHERE id = :id", id=NO_CHECKLIST))[0]
    assert row["checklist_version"] is None


async def test_what_waits_for_its_day_is_published_once_by_the_clock(room: Room):
    house = room.casework.checklists
    await fill(room)
    ready = await approved(room, await drafted(room))
    day = room.time() + timedelta(days=3)
    waits = await house.publish.run(EVA, COLD_ID, 2, ready.revision, day)
    assert (waits.phase, waits.scheduled, waits.valid_from) == (Phase.APPROVED, True, day)
    room.time.move(days=2, hours=23)
    assert await house.turn.run() == 0
    room.time.move(hours=1)
    done = await asyncio.gather(house.turn.run(), house.turn.run(), house.turn.run())
    assert sum(done) == 1
    assert await house.turn.run() == 0
    assert await phases(room) == [(1, "superseded", False), (2, "published", True)]
    assert sum(row["what"] == "publish" for row in await house.history.run(KARIN, COLD_ID)) == 1


async def test_what_is_not_ready_on_its_day_waits_for_a_person_and_says_so_once(room: Room):
    house = room.casework.checklists
    await fill(room)
    ready = await approved(room, await drafted(room))
    await house.publish.run(EVA, COLD_ID, 2, ready.revision, room.time() + timedelta(days=1))
    await house.set_fact.run(KARIN, "bostadsbolag", "journummer", "")
    room.time.move(days=1)
    assert await house.turn.run() == 1
    assert await house.turn.run() == 0
    assert (await phases(room))[-1] == (2, "approved", False)
    both = ("karin.strom", "ulf.back")
    rows = await room.rows("SELECT body FROM casework.mails_out WHERE kind = 'checklist'")
    assert all(f"/editor/checklists/{COLD_ID}?version=2" in row["body"] for row in rows)
    stopped = [f"Checklistan publicerades inte → {one}@kommun.example" for one in both]
    assert [one for one in await mails(room) if "att godkänna" not in one] == stopped
    await house.set_fact.run(KARIN, "bostadsbolag", "journummer", "070-174 06 05", "telefon")
    live = await house.publish.run(EVA, COLD_ID, 2)
    assert live.phase is Phase.PUBLISHED


async def test_an_urgent_change_is_live_at_once_and_becomes_ordinary_when_another_approves(room: Room):
    house = room.casework.checklists
    await fill(room)
    draft = await drafted(room)
    await told(room)
    with pytest.raises(BadEndError):
        await house.hurry.run(KARIN, COLD_ID, 2, "Fel nummer.", draft.revision, room.time() + timedelta(days=8))
    with pytest.raises(NeedsReasonError):
        await house.hurry.run(KARIN, COLD_ID, 2, " ", draft.revision)
    live = await house.hurry.run(KARIN, COLD_ID, 2, "Fel nummer till jouren.", draft.revision)
    assert (live.phase, live.urgent_until) == (Phase.URGENT, room.time() + timedelta(days=7))
    record = next(one for one in await room.events("catalogue.checklist.v1"))
    assert record["value"]["urgent_reason"] == "Fel nummer till jouren."
    newer = await house.newer.run(COLD_ID, 1)
    assert newer is not None
    assert (newer.version, newer.urgent, newer.reason) == (2, True, "Fel nummer till jouren.")
    with pytest.raises(OwnWorkError):
        await house.approve.run(KARIN, COLD_ID, 2, live.revision)
    room.time.move(days=6)
    settled = await house.approve.run(ULF, COLD_ID, 2, live.revision)
    assert (settled.phase, settled.urgent_until, settled.current) == (Phase.PUBLISHED, None, True)
    room.time.move(days=30)
    assert await house.turn.run() == 0
    assert await phases(room) == [(1, "superseded", False), (2, "published", True)]


async def test_an_urgent_change_that_nobody_approves_falls_once_and_a_chain_ends_with_its_first(room: Room):
    house = room.casework.checklists
    await fill(room)
    first = await house.hurry.run(KARIN, COLD_ID, 2, "Fel.", (await drafted(room)).revision)
    room.time.move(days=5)
    second = await drafted(room, "Och nu?")
    assert second.based_on == 2
    live = await house.hurry.run(ULF, COLD_ID, 3, "Fel igen.", second.revision)
    assert (live.urgent_until, live.falls_back_to) == (first.urgent_until, 1)
    waiting = await drafted(room, "Ett vanligt utkast.")
    await told(room)
    room.time.move(days=2)
    with pytest.raises(TooLateError):
        await house.approve.run(EVA_OWNS, COLD_ID, 3, live.revision)
    assert sum(await asyncio.gather(house.turn.run(), house.turn.run())) == 1
    assert await house.turn.run() == 0
    assert await phases(room) == [
        (1, "published", True),
        (2, "superseded", False),
        (3, "withdrawn", False),
        (4, "draft", False),
    ]
    assert [one for one in await told(room) if one[1].startswith("checklist")] == [
        ("catalogue.checklist.v1", f"checklist:{COLD_ID}", 1)
    ]
    assert "Akutändringen har slutat gälla → karin.strom@kommun.example" in await mails(room)
    newer = await house.newer.run(COLD_ID, 3)
    assert newer is not None
    assert (newer.version, newer.urgent) == (1, False)
    sent = await house.submit.run(KARIN, COLD_ID, waiting.number, waiting.revision)
    with pytest.raises(OvertakenError):
        await house.approve.run(ULF, COLD_ID, waiting.number, sent.revision)
    anew = await house.copy.run(KARIN, COLD_ID, waiting.number, sent.revision)
    assert (anew.number, anew.based_on, anew.checklist.steps) == (5, 1, waiting.checklist.steps)
    await house.publish.run(EVA, COLD_ID, 5, (await approved(room, anew)).revision)
    assert (await phases(room))[-2:] == [(4, "withdrawn", False), (5, "published", True)]


EVA_OWNS = replace(EVA, id="admin-anna-falk", roles=frozenset({Role.ADMIN}))


async def test_an_urgent_change_can_be_rejected_and_one_of_nothing_leaves_nothing(room: Room):
    house = room.casework.checklists
    await fill(room)
    live = await house.hurry.run(KARIN, COLD_ID, 2, "Fel.", (await drafted(room)).revision)
    gone = await house.reject.run(ULF, COLD_ID, 2, "Det stämde inte.", live.revision)
    assert (gone.phase, gone.note) == (Phase.WITHDRAWN, "Det stämde inte.")
    assert (await phases(room))[0] == (1, "published", True)
    plain = (await house.read.run(KARIN, COLD_ID, 1)).checklist
    made = await house.create.run(KARIN, replace(plain, id="ny", case_type=NO_CHECKLIST))
    await house.hurry.run(KARIN, "ny", 1, "Behövs nu.", made.revision, room.time() + timedelta(hours=1))
    room.time.move(hours=1)
    assert await house.turn.run() == 1
    row = (await room.rows("SELECT checklist_id FROM casework.case_types WHERE id = :id", id=NO_CHECKLIST))[0]
    assert row["checklist_id"] is None


async def test_owners_hear_once_of_each_reason_to_read_again_and_say_that_it_still_holds(room: Room):
    house = room.casework.checklists
    await fill(room)
    begun = await house.draft.run(KARIN, COLD_ID)
    triggers = (Trigger("ny taxa", TriggerKind.TARIFF, "2027-03-01"), Trigger("frost", TriggerKind.SEASON, "10-01"))
    written = await house.write.run(KARIN, replace(begun.checklist, review_triggers=triggers), begun.revision)
    await house.publish.run(EVA, COLD_ID, 2, (await approved(room, written)).revision)
    bare = "SET review_by = NULL, body = body - 'review_triggers'"
    await room.run(f"UPDATE casework.checklist_versions {bare} WHERE id <> 'bostad-kallt'")
    assert await house.remind.run() == 0
    room.time.move(days=70)  # 3 February
    assert [(one.kind, one.text, one.overdue) for one in await house.due.run(KARIN)] == [("tariff", "ny taxa", False)]
    assert not await house.due.run(LENA)
    await room.run("UPDATE casework.people SET phone = email, email = NULL")
    await room.run("UPDATE casework.units SET handover_address = ''")
    assert (await house.remind.run(), await house.remind.run()) == (0, 0)  # nobody to tell: told when there is
    await room.run("UPDATE casework.people SET email = phone")
    assert (await house.remind.run(), await house.remind.run()) == (1, 0)
    room.time.move(days=230)  # 21 September
    assert [one.kind for one in await house.due.run(KARIN)] == ["season"]
    assert (await house.remind.run(), await house.remind.run()) == (1, 0)
    room.time.move(days=80)  # December: a year has passed
    assert [(one.kind, one.overdue) for one in await house.due.run(KARIN)] == [("review", True)]
    assert await house.remind.run() == 1
    both = ("karin.strom", "ulf.back")
    reread = [f"Läs igenom checklistan → {one}@kommun.example" for one in both for _ in "abc"]
    assert [one for one in await mails(room) if one.startswith("Läs igenom")] == reread
    live = await house.read.run(KARIN, COLD_ID, 2)
    held = await house.review.run(KARIN, COLD_ID, 2, live.revision)
    assert held.review_by == room.time() + timedelta(days=365)
    assert not await house.due.run(KARIN)


async def test_local_facts_fill_every_text_at_once_and_keep_what_they_were(room: Room):
    house = room.casework.checklists
    number = await room.open("one")
    listed = (await house.facts.run(KARIN))[0]
    assert (listed.unit_name, listed.facts[0].missing) == ("Bostadsbolag", True)
    journummer = next(one for one in listed.facts if one.name == "journummer")
    assert len(journummer.used_by) > 1
    await told(room)
    assert await house.set_fact.run(KARIN, "bostadsbolag", "gransvarde_innetemperatur", "18 grader", "grader", "")
    assert not await house.set_fact.run(KARIN, "bostadsbolag", "gransvarde_innetemperatur", "18 grader", "grader")
    assert [one[:2] for one in await told(room)] == [("catalogue.checklist.v1", f"checklist:{COLD_ID}")]
    case = await room.casework.read_case.run(number, MARIA)
    assert case.checklist is not None
    labels = [option.label for step in case.checklist.steps for option in step.options]
    assert "varmare än 18 grader" in labels
    with pytest.raises(FactMovedError):
        await house.set_fact.run(ULF, "bostadsbolag", "gransvarde_innetemperatur", "20 grader", "grader", "")
    room.time.move(hours=1)
    await house.set_fact.run(ULF, "bostadsbolag", "gransvarde_innetemperatur", "20 grader", "grader", "18 grader")
    case = await room.casework.read_case.run(number, MARIA)
    assert case.checklist is not None
    assert "varmare än 20 grader" in [option.label for step in case.checklist.steps for option in step.options]
    fact = next(one for one in (await house.facts.run(KARIN))[0].facts if one.name == "gransvarde_innetemperatur")
    assert [(one.value, one.by_name) for one in fact.history] == [
        ("20 grader", "Ulf Bäck"),
        ("18 grader", "Karin Ström"),
    ]
    for person, unit in ((LENA, "bostadsbolag"), (MARIA, "bostadsbolag")):
        with pytest.raises(ForbiddenError):
            await house.set_fact.run(person, unit, "journummer", "1")
    with pytest.raises(NotFoundError):
        await house.facts.run(LENA, "bostadsbolag")
