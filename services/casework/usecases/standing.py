"""Whether a deed can be done now, said in words when it cannot: which state, who brought the case there, and when."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.casework.domain.case import Case, ChangedMeanwhileError, Deed, WrongStateError, move
from services.casework.domain.checklist import Run
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.who import author
from shared.clock import Clock, local
from shared.vocabulary import CaseState
from shared.web.access import Person

_TODAY, _EARLIER = " kl. {time}.", " den {day}."
_DONE: Mapping[str, str] = MappingProxyType(
    {
        Deed.CLASSIFY: "Ärendetypen ändrades av {name}",
        Deed.REPLY: "Invånaren fick svar av {name}",
        Deed.CLOSE: "Ärendet avslutades av {name}",
        Deed.HAND_OVER: "Ärendet lämnades över av {name}",
        Deed.PARK: "Ärendet parkerades av {name}",
        Deed.REMIND: "Ärendet väcktes av sin påminnelse",
        Deed.FOLLOW_UP: "Invånaren hörde av sig igen",
        Deed.RETURN: "Ärendet skickades tillbaka av {name}",
        "withdraw": "Överlämningen togs tillbaka av {name}",
        Deed.ANSWER: "Ärendet besvarades av {name}",
        Deed.REOPEN: "Ärendet öppnades igen av {name}",
        Deed.SPLIT: "En del av ärendet flyttades till {other} av {name}",
        Deed.MERGE: "Ärendet gjordes till en del av {other} av {name}",
        Deed.ABSORB: "{other} gjordes till en del av ärendet av {name}",
        Deed.UNMERGE: "Ärendet gjordes till ett eget igen av {name}",
    }
)
"""What a decisive deed is called afterwards; notes and steps decide nothing for anybody else."""
_STEP = "Steget gjordes av {name}"
TEXTS = tuple(text + end for text in (*_DONE.values(), _STEP) for end in (_TODAY, _EARLIER))
"""The Swedish texts of this module, for the test of the translations."""

DECISIVE = frozenset(_DONE) - {Deed.REMIND}
"""What somebody must know of before she goes on with what she has begun."""
_LEADS_TO: Mapping[CaseState, tuple[str, ...]] = MappingProxyType(
    {
        CaseState.OPEN: (Deed.REOPEN, Deed.FOLLOW_UP, Deed.RETURN, "withdraw", Deed.REMIND, Deed.UNMERGE),
        CaseState.PARKED: (Deed.PARK,),
        CaseState.HANDED_OVER: (Deed.HAND_OVER,),
        CaseState.CLOSED: (Deed.CLOSE, Deed.ANSWER, Deed.MERGE),
    }
)


async def permitted(work: Work, case: Case, deed: Deed, clock: Clock) -> CaseState:
    """Return the state that a deed leads to; WrongStateError says who brought the case where it is, and when."""
    try:
        return move(case, deed)
    except WrongStateError as error:
        row = await work.history.last_of(case.id, _LEADS_TO[case.state])
        if row is None:
            raise
        detail, params = await _words(work, row, clock)
        raise WrongStateError(detail, **{**error.params, **params}) from error


async def not_behind(work: Work, case: Case, person: Person, seen: int | None, clock: Clock) -> None:
    """Refuse (ChangedMeanwhileError) when somebody else has done something decisive since the doer looked.

    `seen` is the `version` that she was shown, None when her form or program does not say. What she has done herself
    is no news to her; of a program that acts in an agent's name nobody knows, so everything is.
    """
    if seen is None:
        return
    but_by = "" if person.machine else author(person, case)
    row = await work.history.last_of(case.id, DECISIVE, since=seen, but_by=but_by)
    if row is not None:
        detail, params = await _words(work, row, clock)
        raise ChangedMeanwhileError(detail, **params)


async def nobody_was_first(work: Work, run: Run, by: str, clock: Clock, step: str | None = None) -> None:
    """Refuse (ChangedMeanwhileError) when somebody else has done the step (without one: the last one) before her."""
    done = next((one for one in reversed(run.done) if step in {None, one.step}), None)
    if done is None or done.at is None or done.by == by:
        return
    params = await _said(work, done.by, "", done.at)
    raise ChangedMeanwhileError(_STEP + _ending(done.at, clock), **params)


async def write_down(
    work: Work, case_id: str, person: Person | None, by: str, deed: Deed, clock: Clock, **facts: object
) -> None:
    """Note a deed in the history; `facts` are codes and numbers of cases, never what somebody wrote."""
    name = "" if person is None or person.machine else person.name
    await work.history.write(case_id, clock(), by=by, by_name=name, what=deed.value, facts=facts)


async def _words(work: Work, row: Row, clock: Clock) -> tuple[str, dict[str, Any]]:
    params = await _said(work, row["by"], row["by_name"], row["at"])
    text = _DONE[row["what"]] + _ending(row["at"], clock)
    return text, {**params, "other": row["facts"].get("other", "")}


def _ending(at: datetime, clock: Clock) -> str:
    return _TODAY if local(at).date() == local(clock()).date() else _EARLIER


async def _said(work: Work, by: str, by_name: str, moment: datetime) -> dict[str, Any]:
    at = local(moment)
    name = by_name or {one["id"]: one["name"] for one in await work.catalogue.people()}.get(by, by)
    return {"name": name, "time": f"{at:%H.%M}", "day": f"{at:%Y-%m-%d}"}
