"""What a platform is told: that we have each submission, and what becomes of its case, until it has taken it."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.channels.eplatform import Platform, UnreachableError
from services.intake.domain.instance import Refusal
from services.intake.usecases.tell_platform import GIVEN_UP
from shared.catalogue import Catalogue
from shared.events import (
    CaseClosed,
    CaseHandedOver,
    CaseMerged,
    CaseOpened,
    CaseParked,
    CaseReopened,
    CaseSplit,
    ContactReceived,
    Event,
)
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.vocabulary import CaseState, Channel, Resolution
from tests.integration.intake.platforms import NOW, Desk
from tests.integration.intake.reading import ReadContacts

pytestmark = pytest.mark.integration

CASE = {"case_id": "case-1", "case_number": "KC-2026-000001"}
END = {"channel": Channel.E_SERVICE, "unit": "kontaktcenter"}


@pytest.fixture
async def contact(room: Desk, read_contacts: ReadContacts) -> str:
    """A submission that is a contact, with its platform told so."""
    room.peer.file(501)
    await room.poll().once()
    await room.answer().once()
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    room.peer.told.clear()
    return read.event.contact_id


def opened(contact_id: str, minute: int = 0, **more: str) -> CaseOpened:
    at = NOW + timedelta(minutes=minute)
    return CaseOpened(
        **{**CASE, **more}, contact_id=contact_id, channel=Channel.E_SERVICE, entrance="f", unit="u", opened_at=at
    )


def closed(contact_id: str, minute: int, **more: str) -> CaseClosed:
    at = NOW + timedelta(minutes=minute)
    return CaseClosed(**{**CASE, **more}, **END, contact_id=contact_id, at=at, resolution=Resolution.SOLVED)


def handed(contact_id: str, minute: int) -> CaseHandedOver:
    at = NOW + timedelta(minutes=minute)
    return CaseHandedOver(
        **CASE, **END, contact_id=contact_id, at=at, handover_id="h", to="u", acknowledge_by=at, answer_by=at
    )


def parked(contact_id: str, minute: int) -> CaseParked:
    at = NOW + timedelta(minutes=minute)
    return CaseParked(**CASE, contact_id=contact_id, until=at, by="agent", at=at)


def statuses(room: Desk) -> list[str]:
    return [given["statusAlias"] for name, given in room.peer.told if name == "setStatus"]


async def test_each_change_of_the_case_is_told_by_the_status_of_the_family(room: Desk, contact: str):
    for event, said in (
        (opened(contact), "Mottaget"),
        (handed(contact, 1), "Hos handläggare"),
        (CaseReopened(**CASE, contact_id=contact, at=NOW + timedelta(minutes=2)), "Mottaget"),
        (closed(contact, 3), "Avslutat"),
    ):
        await room.became(event)
        await room.answer().once()
        assert room.peer.filed[501].status == said
    assert statuses(room) == ["Mottaget", "Hos handläggare", "Mottaget", "Avslutat"]
    assert await room.queue.waiting("kommunen") == {}


async def test_a_change_that_the_family_has_no_status_for_is_not_told(room: Desk, contact: str):
    await room.became(opened(contact), parked(contact, 1))
    await room.answer().once()
    assert statuses(room) == []
    assert await room.queue.waiting("kommunen") == {}


async def test_of_changes_while_the_platform_is_away_only_the_last_is_told(room: Desk, contact: str):
    room.peer.troubles.append(("callback", (503, {}, b"")))
    await room.became(opened(contact))
    with pytest.raises(UnreachableError):
        await room.answer().once()
    await room.became(handed(contact, 1), closed(contact, 2))
    room.time.pass_by(minutes=2)
    await room.answer().once()
    assert statuses(room) == ["Avslutat"]


async def test_the_same_events_again_and_older_ones_change_nothing(room: Desk, contact: str):
    events: list[Event] = [opened(contact), handed(contact, 1), closed(contact, 2)]
    await room.became(*events)
    await room.answer().once()
    await room.became(*events[:2])
    assert await room.queue.waiting("kommunen") == {}
    assert statuses(room) == ["Avslutat"]


async def test_a_newer_word_that_comes_while_one_is_told_is_not_lost(room: Desk, contact: str):
    await room.became(opened(contact))
    (answer,) = await room.queue.claim("kommunen", room.time(), 10)
    await room.became(closed(contact, 1))
    await room.queue.done("kommunen", answer)
    await room.answer().once()
    assert statuses(room) == ["Avslutat"]


async def test_cases_of_other_doors_concern_nobody(room: Desk, contact: str):
    await room.became(opened("c-mail", case_id="case-2"), closed("c-mail", 1, case_id="case-2"))
    assert await room.queue.waiting("kommunen") == {}
    assert contact


async def test_what_becomes_of_the_case_that_it_was_merged_into_is_told_until_it_is_split_off(room: Desk, contact: str):
    at = NOW + timedelta(minutes=1)
    merged = CaseMerged(**CASE, contact_id=contact, into="case-9", into_number="KC-2026-000009", by="a", at=at)
    await room.became(opened(contact), merged, closed("other", 2, case_id="case-9"))
    await room.answer().once()
    assert statuses(room) == ["Avslutat"]
    apart = CaseSplit(**CASE, origin="case-9", origin_number="KC-2026-000009", by="a", at=NOW + timedelta(minutes=3))
    over = CaseReopened(**CASE, contact_id=contact, at=NOW + timedelta(minutes=4), state=CaseState.HANDED_OVER)
    await room.became(apart, closed("other", 5, case_id="case-9"), over)
    await room.answer().once()
    assert statuses(room) == ["Avslutat", "Hos handläggare"]


REFUSED = [
    (("closed", {"832"}), Refusal.INSTANCE_NOT_FOUND),
    (("statuses", ()), Refusal.STATUS_NOT_FOUND),
]


async def test_a_login_that_is_refused_is_not_tried_with_every_answer(room: Desk, contact: str):
    room.peer.password = "nytt"
    await room.became(opened(contact))
    with pytest.raises(UnreachableError, match="login refused") as raised:
        await room.answer().once()
    assert raised.value.wait >= 300
    room.peer.password = room.platform.password
    room.time.pass_by(minutes=2)
    await room.answer().once()
    assert statuses(room) == ["Mottaget"]


@pytest.mark.parametrize(("wrong", "why"), REFUSED)
@pytest.mark.parametrize("named", [True, False])
async def test_a_refusal_is_told_apart_shown_and_tried_ever_more_seldom_until_it_is_mended(
    room: Desk, contact: str, wrong: tuple[str, Any], why: Refusal, *, named: bool
):
    room.peer.named_faults = named
    right = getattr(room.peer, wrong[0])
    setattr(room.peer, wrong[0], wrong[1])
    await room.became(opened(contact))
    answer = room.answer()
    assert await answer.once() == 0.0
    assert await answer.once() == answer.every  # not at once again
    assert (await room.health.failing())["eplatform:kommunen.answers"] == f"refused: 1 {why}"
    room.time.pass_by(minutes=2)
    assert await answer.once() == 0.0
    room.time.pass_by(minutes=1)
    assert await answer.once() == answer.every
    setattr(room.peer, wrong[0], right)
    room.time.pass_by(minutes=3)
    await answer.once()
    assert room.peer.filed[501].status == "Mottaget"
    await answer.once()
    assert "eplatform:kommunen.answers" not in await room.health.failing()


async def test_what_is_refused_for_two_weeks_is_given_up(room: Desk, contact: str):
    room.peer.statuses = ()
    await room.became(opened(contact))
    await room.answer().once()
    room.time.pass_by(seconds=GIVEN_UP.total_seconds() + 1)
    await room.answer().once()
    assert await room.queue.waiting("kommunen") == {}


@pytest.mark.parametrize(
    "trouble",
    [(503, {}, b""), (500, {}, b"<html>oj</html>"), "hang", "cut", (200, {}, b"<html>Logga in</html>"), (404, {}, b"")],
)
async def test_a_platform_that_answers_nonsense_or_nothing_is_told_again(room: Desk, contact: str, trouble: Any):
    room.peer.troubles.append(("callback", trouble))
    await room.became(opened(contact))
    with contextlib.suppress(UnreachableError):
        await room.answer().once()
    assert statuses(room) == []
    room.time.pass_by(minutes=2)
    await room.answer().once()
    assert statuses(room) == ["Mottaget"]


async def test_an_outage_costs_no_attempt_of_those_behind_the_first(room: Desk, contact: str):
    assert contact
    for number in range(600, 605):
        room.peer.file(number)
    await room.poll().once()
    room.peer.troubles.append(("callback", (503, {}, b"")))
    with pytest.raises(UnreachableError):
        await room.answer().once()
    assert await room.queue.waiting("kommunen") == {"": 4, "unreachable": 1}
    await room.answer().once()
    assert len(room.peer.told) == 4
    room.time.pass_by(minutes=2)
    await room.answer().once()
    assert {int(one[1]["flowInstanceID"]) for one in room.peer.told} == set(range(600, 605))


async def test_a_kill_between_telling_and_the_note_of_it_tells_again_and_harms_nothing(room: Desk, contact: str):
    await room.became(opened(contact))
    claimed = await room.queue.claim("kommunen", room.time(), 10)
    await room.client.set_status("501", "Mottaget")  # told, and killed before it was noted
    assert len(claimed) == 1
    assert await room.answer().once() == room.answer().every  # nobody else tells it meanwhile
    room.time.pass_by(minutes=6)
    await room.answer().once()
    assert statuses(room) == ["Mottaget", "Mottaget"]
    assert room.peer.filed[501].status == "Mottaget"


async def test_two_processes_tell_each_thing_once(room: Desk, contact: str):
    assert contact
    for number in range(600, 620):
        room.peer.file(number)
    await room.poll().once()
    await asyncio.gather(room.answer().once(), room.answer().once())
    assert len(room.peer.told) == 20


async def test_the_loop_tells_by_itself_after_an_outage(room: Desk, contact: str):
    await room.became(opened(contact))
    loop = asyncio.create_task(room.answer().run())
    await room.peer.wait_told(lambda told: any(name == "setStatus" for name, _ in told))
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert statuses(room) == ["Mottaget"]


async def test_what_nothing_happens_to_is_forgotten_and_old_memory_is_pruned(room: Desk, contact: str):
    assert await room.book.forget_before(datetime(2026, 1, 1, tzinfo=UTC)) == 0
    assert await room.book.forget_before(NOW + timedelta(days=1)) == 1
    await room.became(opened(contact))
    assert await room.queue.waiting("kommunen") == {}


async def test_a_family_that_is_no_longer_named_is_told_nothing(
    settings: ServiceSettings, intake_engine: AsyncEngine, catalogue: Catalogue, publisher: Publisher,
    room: Desk, contact: str,
):  # fmt: skip
    await room.became(opened(contact))
    other = replace(room.platform.families[0], id="1")
    gone = Desk(settings, intake_engine, catalogue, publisher, room.peer, room.time)
    gone.platform = Platform("kommunen", room.peer.url, "", families=(other,))
    gone.client = type(gone.client)(gone.platform)
    await gone.answer().once()
    assert statuses(room) == []
    assert await room.queue.waiting("kommunen") == {}
    await gone.close()
