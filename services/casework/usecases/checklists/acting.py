"""What every act on a version has in common: hold the checklist, see who may and who was faster, write it down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.casework.domain.checklist import Checklist
from services.casework.domain.checklist_problems import Problem
from services.casework.domain.lifecycle import (
    Act,
    NeedsReasonError,
    OvertakenError,
    StaleVersionError,
    UnreadyError,
    Version,
    after,
    broken,
    unready,
)
from services.casework.store.unit_of_work import Work
from shared.errors import DomainError, FieldError, ForbiddenError
from shared.web.access import Action, Person, allow, visible_units


class CaseTypeTakenError(DomainError):
    """The case type has another checklist."""

    type = "case-type-taken"
    status = 409
    title = "Ärendetypen har redan checklistan {checklist}."


LONGEST_REASON = 2_000
ACTIONS: Mapping[Act, Action] = MappingProxyType(
    {
        Act.WRITE: Action.EDIT_CHECKLISTS,
        Act.SUBMIT: Action.EDIT_CHECKLISTS,
        Act.RECALL: Action.EDIT_CHECKLISTS,
        Act.HURRY: Action.EDIT_CHECKLISTS,
        Act.APPROVE: Action.APPROVE_CHECKLISTS,
        Act.REJECT: Action.APPROVE_CHECKLISTS,
        Act.REVIEW: Action.APPROVE_CHECKLISTS,
        Act.SCHEDULE: Action.PUBLISH_CHECKLISTS,
        Act.PUBLISH: Action.PUBLISH_CHECKLISTS,
    }
)
"""Who may what, in the owning unit; who may withdraw depends on how far the version has come."""


def action_of(act: Act, version: Version) -> Action:
    """Return what must be allowed for an act: a live version is withdrawn by who publishes, another by who writes."""
    if act is Act.WITHDRAW:
        return Action.PUBLISH_CHECKLISTS if version.current else Action.EDIT_CHECKLISTS
    return ACTIONS[act]


def may(person: Person, act: Act, version: Version) -> bool:
    """Return whether a person may do something with a version, whatever its phase."""
    return allow(person, action_of(act, version), version.unit)


async def held(work: Work, person: Person, checklist_id: str, number: int, act: Act, revision: int | None) -> Version:
    """Hold a checklist and return the version to act on; refused when it is not the person's, or not what she read."""
    await work.versions.hold(checklist_id)
    version = await work.versions.get(checklist_id, number, visible_units(person))
    if not may(person, act, version):
        raise ForbiddenError
    if revision is not None and revision != version.revision:
        raise StaleVersionError
    after(version.phase, act)
    return version


async def acted(  # noqa: PLR0913 - what an act is, each by name
    work: Work,
    version: Version,
    act: Act,
    person: Person | None,
    now: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    content: bool = False,
    **changes: Any,
) -> Version:
    """Write what an act has made of a version, and who did it (None: the clock)."""
    done = replace(version, phase=after(version.phase, act), revision=version.revision + 1, changed_at=now, **changes)
    await work.versions.save(done, content=content)
    await noted(work, done, act.value, person, now, **(facts or {}))
    return done


async def noted(work: Work, version: Version, what: str, person: Person | None, now: datetime, **facts: Any) -> None:
    """Write a line of the history."""
    by, by_name = (person.id, person.name) if person else ("", "")
    await work.versions.write_down(version, now, by=by, by_name=by_name, what=what, facts=facts)


async def not_overtaken(work: Work, version: Version) -> None:
    """Refuse (OvertakenError) a version that was begun before the one that is live now."""
    live = await work.versions.live(version.id)
    if live is not None and live.number not in {version.number, version.based_on}:
        raise OvertakenError(live=live.number)


async def faults_of(work: Work, version: Version) -> tuple[Problem, ...]:
    """Return everything that must be mended before a version can be live."""
    return unready(version.checklist, await work.params.values(version.unit))


def whole(version: Version) -> None:
    """Refuse (UnreadyError) a checklist that would strand an agent."""
    if found := broken(version.checklist):
        raise UnreadyError(errors=pointed(found))


async def ready(work: Work, version: Version) -> None:
    """Refuse (UnreadyError, with every problem at its place) what must not become live."""
    if found := await faults_of(work, version):
        raise UnreadyError(errors=pointed(found))
    await not_taken(work, version.checklist)


async def not_taken(work: Work, checklist: Checklist) -> None:
    """Refuse (CaseTypeTakenError) a checklist whose case type has another one that is live."""
    row = await work.catalogue.case_type(checklist.case_type)
    if row is not None and row["checklist_id"] not in {None, checklist.id}:
        raise CaseTypeTakenError(checklist=row["checklist_id"])


def pointed(found: Sequence[Problem]) -> tuple[FieldError, ...]:
    """Return problems as errors at JSON pointers (`/steps/2/goto`)."""
    return tuple(FieldError("".join(f"/{part}" for part in one.path), one.words, one.facts) for one in found)


def because(reason: str) -> str:
    """Return a reason that somebody wrote, bounded; NeedsReasonError when there is none."""
    plain = reason.replace("\x00", "").strip()[:LONGEST_REASON]
    if not plain:
        raise NeedsReasonError
    return plain
