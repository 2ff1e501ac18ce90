"""Whether a deed can be done now, said in words when it cannot: which state, who brought the case there, and when."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from services.casework.domain.case import Case, ChangedMeanwhileError, Deed, WrongStateError, move
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
TEXTS = tuple(text + end for text in _DONE.values() for end in (_TODAY, _EARLIER))
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


async def write_down(
    work: Work, case_id: str, person: Person | None, by: str, deed: Deed, clock: Clock, **facts: object
) -> None:
    """Note a deed in the history; `facts` are codes and numbers of cases, never what somebody wrote."""
    name = "" if person is None or person.machine else person.name
    await work.history.write(case_id, clock(), by=by, by_name=name, what=deed.value, facts=facts)


async def _words(work: Work, row: Row, clock: Clock) -> tuple[str, dict[str, Any]]:
    at = local(row["at"])
    today = at.date() == local(clock()).date()
    name = row["by_name"] or {one["id"]: one["name"] for one in await work.catalogue.people()}.get(row["by"], row["by"])
    params = {"name": name, "other": row["facts"].get("other", ""), "time": f"{at:%H.%M}", "day": f"{at:%Y-%m-%d}"}
    return _DONE[row["what"]] + (_TODAY if today else _EARLIER), params
