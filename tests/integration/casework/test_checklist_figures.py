"""The owner's figures on a real database: counted by version and step, seen by the owning unit alone."""

from dataclasses import replace

import pytest

from services.casework.usecases.gaps import GapKind
from shared.errors import NotFoundError
from shared.vocabulary import Cause, Resolution
from tests.integration.casework.test_checklist_life import COLD_ID, EVA, KARIN, LENA, approved, fill, worded
from tests.support.casework import COLD, MARIA, NO_CHECKLIST, PER, Room
from tests.support.handing import handed, walked

pytestmark = pytest.mark.integration


async def second_version(room: Room) -> None:
    """Publish a second version of the cold flat's checklist, without its last step's words."""
    house = room.casework.checklists
    await fill(room)
    begun = await house.draft.run(KARIN, COLD_ID)
    written = await house.write.run(KARIN, worded(begun.checklist, "Är alla iskalla?"), begun.revision)
    await house.publish.run(EVA, COLD_ID, 2, (await approved(room, written)).revision)


async def a_day(room: Room) -> None:
    """Let the first version meet four cases, and the second one."""
    work = room.casework
    await room.rewrite(  # nothing is obligatory, so that a case may end in the middle
        "UPDATE casework.checklist_versions SET body = jsonb_set(body, '{steps}', (SELECT jsonb_agg(s - 'obligatory') "
        "FROM jsonb_array_elements(body -> 'steps') AS s)) WHERE id = 'bostad-kallt'"
    )
    _, handover = await handed(room, "back")
    await work.send_back.run(handover, PER, PER.id, "Inte vårt.")
    await handed(room, "sent")
    walking = await walked(room, "walking")  # not ended: stopped nowhere
    await work.gaps.report.run(walking, MARIA, "Säger inget om golvvärme", "s3")
    await work.gaps.report.run(walking, MARIA, "Ingen passar", kind=GapKind.MISSING)
    closed = await room.open("closed")
    await work.do_step.run(closed, MARIA, "s1", "nej")
    await room.run("UPDATE casework.cases SET handling_seconds = 60")
    await work.close.run(closed, MARIA, resolution=Resolution.SOLVED, cause=Cause.LETTER_UNCLEAR)
    bare = await room.open("bare", NO_CHECKLIST)
    await work.gaps.report.run(bare, MARIA, "Det finns ingen", kind=GapKind.MISSING)
    await second_version(room)
    await room.open("new")


async def test_what_a_checklist_has_led_to_is_counted_by_version_and_step(room: Room):
    await a_day(room)
    figures = room.casework.checklists.figures
    view = await figures.overview(KARIN, 90)
    line = next(one for one in view.lines if one.checklist == COLD_ID)
    sums = line.sums
    assert (sums.cases, sums.ended, sums.closed, sums.sent, sums.returned) == (5, 2, 1, 2, 1)
    assert (sums.wrong, sums.missing, line.corrected, line.worst_step) == (1, 1, 1, 3)
    assert (line.version, line.case_type, line.overdue) == (2, COLD, False)
    assert [(one.case_type, one.reports) for one in view.without] == [(NO_CHECKLIST, 1)]
    after, before = await figures.of_one(KARIN, COLD_ID, 90)
    assert (after.version, after.sums.cases, sum(one.done for one in after.steps)) == (2, 1, 0)
    assert (before.sums.cases, before.sums.wrong, before.causes) == (4, 1, {Cause.LETTER_UNCLEAR: 1})
    steps = {one.id: (one.done, one.stopped, one.wrong) for one in before.steps}
    assert (steps["s1"], steps["s3"], steps["s5"]) == ((4, 0, 0), (3, 1, 1), (3, 0, 0))
    room.time.move(days=31)
    month = await figures.overview(KARIN, 30)
    assert next(one for one in month.lines if one.checklist == COLD_ID).sums.cases == 0
    room.time.move(days=400)
    assert next(one for one in (await figures.overview(KARIN, 90)).lines if one.checklist == COLD_ID).overdue
    assert COLD_ID not in {one.checklist for one in (await figures.overview(LENA, 90)).lines}
    with pytest.raises(NotFoundError):
        await figures.of_one(LENA, COLD_ID, 90)
    assert await figures.of_one(replace(LENA, units=frozenset({"*"})), COLD_ID, 90)
