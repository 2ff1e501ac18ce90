"""Practice: a run is worked as a case would be, judged, and leaves no trace where cases and figures are kept."""

from typing import Any

import pytest

from services.casework.domain.case import ObligatoryStepOpenError
from services.casework.domain.checklist import Done, NothingToUndoError, StepNotNextError
from services.casework.domain.practice import PracticeEndedError, SignOff
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.practice.exercises import ImportExercises
from services.casework.usecases.practice.sign_off import NobodySignedOffError, OwnSignOffError
from services.casework.usecases.practice.walk import KEPT, NotYetError
from services.casework.usecases.work_case import UnknownCaseTypeError
from shared.errors import ForbiddenError, NotFoundError
from shared.vocabulary import Outcome, Resolution, Role
from shared.web.access import Person
from tests.support.casework import COLD, LAMP, MARIA, Room

pytestmark = pytest.mark.integration

COLD_PATH = "Bostadsbolag | Felanmälan | Det är kallt inne, räknas det som ett fel?"
NOT_READY = "Bostadsbolag | Uthyrning | Hur säger jag upp min lägenhet?"
JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))
OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))
ELSEWHERE = Person("lead-x", "Lea Dal", frozenset({Role.LEAD}), frozenset({"bygg-och-plan"}))
TEXTS = "id: {id}, channel: {channel}, name: Olle Ek, text: Det är kallt, end: anmal, kind: handover"


def exercise(name: str = "kallt", channel: str = "phone", path: str = COLD_PATH, more: str = "") -> str:
    return f"  - {{{TEXTS.format(id=name, channel=channel)}, case_type: '{path}', answers: [nej, kallare, nej]{more}}}"


async def take_in(room: Room, *rows: str) -> Any:
    return await ImportExercises(UnitOfWork(room.engine)).run("\n".join(("exercises:", *rows)).encode())


async def fingerprint(room: Room) -> dict[str, int]:
    """Return how many rows every table has but those of practice."""
    tables = await room.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'casework'")
    names = sorted(row["name"] for row in tables if not row["name"].startswith("practice_"))
    parts = [f"SELECT '{name}' AS name, count(*) AS n FROM casework.{name}" for name in names]  # noqa: S608 - ours
    return {row["name"]: row["n"] for row in await room.rows(" UNION ALL ".join(parts))}


async def walk(room: Room, run_id: str, person: Person = MARIA) -> None:
    """Walk the good way."""
    work = room.casework.practice.work
    await work.classify(run_id, person, COLD)
    for step, option in (("s1", "nej"), ("s3", "kallare"), ("s5", "nej")):
        await work.step(run_id, person, Done(step, option))


async def test_a_run_is_judged_and_no_case_topic_or_figure_knows_of_it(room: Room):
    await take_in(room, exercise())
    before, practice = await fingerprint(room), room.casework.practice
    run_id = await practice.start.run("kallt", MARIA)
    assert await practice.start.run("kallt", MARIA) == run_id
    with pytest.raises(StepNotNextError):
        await practice.work.step(run_id, MARIA, Done("s1", "nej"))
    with pytest.raises(UnknownCaseTypeError):
        await practice.work.classify(run_id, MARIA, "finns-inte")
    await practice.work.classify(run_id, MARIA, LAMP)
    with pytest.raises(NothingToUndoError):
        await practice.work.back(run_id, MARIA)
    await walk(room, run_id)
    await practice.work.back(run_id, MARIA)
    await practice.work.step(run_id, MARIA, Done("s5", "nej", note="Under 18 grader"))
    await practice.work.note(run_id, MARIA, "Ringde från Storgatan")
    with pytest.raises(NotFoundError):
        await practice.work.note(run_id, JONAS, "Jag ser ditt")
    await practice.end.run(run_id, MARIA, Outcome.HANDOVER)
    with pytest.raises(PracticeEndedError):
        await practice.work.back(run_id, MARIA)

    result = await practice.read.result(run_id, MARIA)
    assert result.passed
    assert set(result.right.values()) == {True}
    assert [step.option for step in result.way] == ["nej", "kallare", "nej"]
    assert result.good_end is not None
    assert result.good_end.kind == Outcome.HANDOVER
    assert await fingerprint(room) == before
    assert await room.events() == []
    listed = (await practice.exercises.run(MARIA))[0]
    assert (listed.passed, listed.exercises[0].runs, listed.exercises[0].run_id) == (1, 1, None)
    with pytest.raises(NotFoundError):
        await practice.read.result(run_id, JONAS)
    assert (await practice.read.result(run_id, OSKAR, leads=True)).agent_name == "Maria Lind"
    room.time.move(days=KEPT.days)
    assert await practice.forget.run() == 0
    room.time.move(seconds=1)
    assert await practice.forget.run() == 1


async def test_what_is_wrong_is_told_and_an_obligatory_step_blocks_closing_as_it_does_in_a_case(room: Room):
    await room.rewrite(
        "UPDATE casework.checklist_versions SET body = jsonb_set(body, '{steps,4,obligatory}', 'true') "
        "WHERE id = 'bostad-kallt'"
    )
    await take_in(room, exercise())
    practice = room.casework.practice
    run_id = await practice.start.run("kallt", MARIA)
    await practice.work.classify(run_id, MARIA, COLD)
    await practice.work.step(run_id, MARIA, Done("s1", "nej"))
    with pytest.raises(ObligatoryStepOpenError):
        await practice.end.run(run_id, MARIA, Outcome.CLOSE, Resolution.SOLVED)
    await practice.work.note(run_id, MARIA, "Olle är 19811218-9876")
    await practice.end.run(run_id, MARIA, Outcome.HANDOVER)
    result = await practice.read.result(run_id, MARIA)
    assert (result.passed, result.refused, result.unfit) == (False, 1, ("personnummer",))
    assert result.right == {"case_type": True, "obligatory": False, "end": False, "note": False}
    assert len(result.left) == 1
    again = await practice.start.run("kallt", MARIA)
    assert again != run_id
    await practice.work.leave(again, MARIA)
    assert (await practice.exercises.run(MARIA))[0].exercises[0].runs == 1


async def test_what_has_no_live_checklist_cannot_be_practised_and_a_file_is_taken_in_whole_or_not_at_all(room: Room):
    await take_in(room, exercise(), exercise("uppsagning", path=NOT_READY))
    ready = {one.id: one.ready for one in (await room.casework.practice.exercises.run(MARIA))[0].exercises}
    assert ready == {"kallt": True, "uppsagning": False}
    with pytest.raises(NotYetError):
        await room.casework.practice.start.run("uppsagning", MARIA)
    bad = exercise("kallt", channel="brev", path="Finns | Inte", more=", oj: 1")
    with pytest.raises(RejectedFileError) as refused:
        await take_in(room, exercise("ny"), bad)
    assert {one.line for one in refused.value.found} == {3}
    assert len(refused.value.found) == 3
    assert (await take_in(room, exercise("ny"))).changed == 3
    assert [one.id for one in (await room.casework.practice.exercises.run(MARIA))[0].exercises] == ["ny"]
    with pytest.raises(NotFoundError):
        await room.casework.practice.start.run("kallt", MARIA)


async def profile(room: Room) -> dict[str, Any]:
    found = await room.events("agent.profile_changed.v1")
    return dict(found[-1]["value"]) if found else {}


async def test_a_leader_signs_off_takes_back_and_the_profile_says_it(room: Room):
    await take_in(room, exercise())
    practice = room.casework.practice
    run_id = await practice.start.run("kallt", MARIA)
    await walk(room, run_id)
    await practice.end.run(run_id, MARIA, Outcome.HANDOVER)
    (unit,) = await practice.results.run(OSKAR)
    assert (unit.unit, unit.asks, unit.exercises, unit.signed_off) == ("bostadsbolag", "off", 1, 0)
    maria = next(one for one in unit.agents if one.agent_id == MARIA.id)
    assert (maria.runs, maria.passed, maria.different, maria.held) == (1, 1, 1, None)
    with pytest.raises(NobodySignedOffError):
        await practice.ask.run(["bostadsbolag"], SignOff.REQUIRED, OSKAR)
    with pytest.raises(NotFoundError):
        await practice.sign.off(MARIA.id, "bostadsbolag", ELSEWHERE)
    with pytest.raises(OwnSignOffError):
        await practice.sign.off(OSKAR.id, "bostadsbolag", OSKAR)

    await practice.sign.off(MARIA.id, "bostadsbolag", OSKAR)
    await practice.sign.off(MARIA.id, "bostadsbolag", OSKAR)
    assert (await profile(room))["signed_off"] == ["bostadsbolag"]
    await practice.ask.run(["bostadsbolag"], SignOff.REQUIRED, OSKAR)
    with pytest.raises(ForbiddenError):
        await practice.ask.run(["bostadsbolag"], SignOff.OFF, ELSEWHERE)
    (told,) = await room.events("catalogue.unit.v1")
    assert told["value"]["sign_off"] == "required"
    await practice.sign.back(MARIA.id, "bostadsbolag", OSKAR, "Ny checklista")
    await practice.sign.back(MARIA.id, "bostadsbolag", OSKAR, "Ny checklista")
    assert (await profile(room))["signed_off"] == []
    assert len(await room.events("agent.profile_changed.v1")) == 2
    runs, (held,) = await practice.results.agent(MARIA.id, "bostadsbolag", OSKAR)
    assert (held.by_name, held.ended_name, held.reason) == ("Oskar Vik", "Oskar Vik", "Ny checklista")
    assert [row["id"] for row in runs] == [run_id]
    await practice.sign.off(MARIA.id, "bostadsbolag", OSKAR)
    assert len((await practice.results.agent(MARIA.id, "bostadsbolag", OSKAR))[1]) == 2
