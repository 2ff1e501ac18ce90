"""Opening, finding and taking the cases of contacts, many at a time: what the consumers and the desk share."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.casework.domain.burst import CAPPED, QUIET
from services.casework.domain.case import Case, Deed, after, case_id_of, may_reopen
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.first_contact import reopened
from services.casework.usecases.going_on import hold_going_on
from services.casework.usecases.handling import given_back
from services.casework.usecases.inherited import same_people, stay_hidden
from services.casework.usecases.park import waited
from services.casework.usecases.pause_handover import citizen_wrote
from shared.clock import local
from shared.events import CaseClassified, CaseOpened, CaseReopened, ContactSetAside
from shared.ids import natural_event_id
from shared.vocabulary import CaseState, Channel, LinkKind


async def open_cases(work: Work, contacts: Sequence[Row], now: datetime) -> dict[str, str]:
    """Open a case for each contact that has none of its own; return number by contact id of those opened."""
    rows = sorted((_case(contact, now) for contact in contacts), key=lambda row: row["id"])
    numbers = await work.cases.open(rows, local(now).year)
    for row in rows:
        if row["id"] in numbers:
            _tell_opened(work, row, numbers[row["id"]])
    await classify(work, contacts, now)
    return {row["contact_id"]: numbers[row["id"]] for row in rows if row["id"] in numbers}


def _case(contact: Row, now: datetime) -> dict[str, Any]:
    names = ("channel", "entrance", "unit", "language", "person_key", "agent_id", "priority", "due_at")
    return {
        **{name: contact[name] for name in names},
        "id": case_id_of(contact["id"]),
        "contact_id": contact["id"],
        "current_contact": contact["id"],
        "state": CaseState.OPEN.value,
        "opened_at": now,
        "changed_at": now,
    }


def _tell_opened(work: Work, row: Mapping[str, Any], number: str) -> None:
    event = CaseOpened(
        case_id=row["id"],
        case_number=number,
        contact_id=row["contact_id"],
        channel=Channel(row["channel"]),
        entrance=row["entrance"],
        unit=row["unit"],
        person_key=row["person_key"],
        opened_at=row["opened_at"],
    )
    work.tell(event, event_id=natural_event_id(CaseOpened.event_type, row["id"]))


async def classify(work: Work, contacts: Iterable[Row], now: datetime) -> None:
    """Set the router's first candidate as the type of cases that have none; others only get the new due time."""
    rows, terms = [], []
    for contact in contacts:
        case_id = contact["case_id"] or case_id_of(contact["id"])
        candidates = _parsed(contact["candidates"])
        term = {"case_id": case_id, "due_at": contact["due_at"], "priority": contact["priority"]}
        if candidates and case_id == case_id_of(contact["id"]):  # one that joined another case changes no type
            rows.append({**term, **_type(contact, candidates[0])})
        elif contact["routed"]:
            terms.append(term)
    await work.cases.terms(terms)
    for row in await work.cases.classify_set(rows, now):
        work.first_contacts.typed(row["id"])
        event = CaseClassified(
            case_id=row["id"],
            case_number=row["number"],
            contact_id=row["contact_id"],
            case_type=row["case_type"],
            unit=row["unit"],
            how="set",
            at=now,
        )
        work.tell(event, event_id=natural_event_id(CaseClassified.event_type, row["id"], "set"))


def _type(contact: Row, first: Mapping[str, Any]) -> dict[str, Any]:
    names = ("checklist_id", "checklist_version")
    return {"case_type": first["case_type"], "unit": first["unit"], **{name: contact[name] for name in names}}


def _parsed(value: object) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


async def follow_up(work: Work, contacts: Sequence[Row], now: datetime, reopen_days: int) -> dict[str, str]:
    """Add contacts to the cases they follow, or to what those have become part of; a closed one lives again.

    A missing case is opened as new; one closed more than `reopen_days` ago gets a new one that follows it up. Returns
    number by contact id of those opened.
    """
    numbers: dict[str, str] = {}
    goes_on, held = await hold_going_on(work, [contact["follows"] for contact in contacts])
    followed = {one["id"]: held.get(goes_on.get(one["follows"], "")) for one in contacts}
    fresh = [one for one in contacts if _opens_anew(one, followed[one["id"]], now, reopen_days)]
    if fresh:
        await work.contacts.link({contact["id"]: case_id_of(contact["id"]) for contact in fresh})
        numbers = await open_cases(work, [{**contact, "case_id": None, "follows": None} for contact in fresh], now)
        for contact in fresh:
            if (old := followed[contact["id"]]) is not None:
                await _link(work, old, contact["id"], numbers.get(contact["id"], ""), now)
    for contact in contacts:
        if contact not in fresh and (case := followed[contact["id"]]) is not None:
            if case.id != contact["follows"]:
                await work.contacts.link({contact["id"]: case.id})
            held[case.id] = await _join(work, held[case.id], contact["id"], now)
    return numbers


def _opens_anew(contact: Row, case: Case | None, now: datetime, reopen_days: int | None) -> bool:
    """Return whether a contact gets a case of its own; `reopen_days` None: it belongs to the case already."""
    if case is None or reopen_days is None:
        return case is None
    too_old = case.state is CaseState.CLOSED and not may_reopen(case.closed_at, now, reopen_days)
    return too_old and not contact["automatic"]


async def _link(work: Work, old: Case, contact_id: str, number: str, now: datetime) -> None:
    """Let the case of a contact follow up one that is closed too long to live again: about the same, as hidden."""
    kind = LinkKind.FOLLOW_UP.value
    fresh = await work.links.add(case_id_of(contact_id), old.id, kind, by="", at=now)
    if fresh:
        await same_people(work, old.id, case_id_of(contact_id))
        await stay_hidden(work, old, case_id_of(contact_id), now)
        nobody = {"by": "", "by_name": "", "what": Deed.LINK.value}
        await work.history.write(case_id_of(contact_id), now, **nobody, facts={"kind": kind, "other": old.number})
        await work.history.write(old.id, now, **nobody, facts={"kind": kind, "other": number, "back": True})


async def _join(work: Work, case: Case, contact_id: str, now: datetime) -> Case:
    """Let a contact join a case; while an agent works on an earlier contact, that one stays the current.

    What a machine sent is read there, and changes nothing: it is no sign of life of the citizen, nor is old mail that
    is taken in later. What the unit itself or its officer writes is none either: it is read there, but no answer goes
    to it and no clock runs on for it.
    """
    joined = await work.contacts.get(contact_id)
    if joined is not None and (joined["automatic"] or QUIET in joined["flags"]):
        return await _set_aside(work, case, joined, now)
    worked_on = await work.contacts.get(case.current_contact)
    busy = worked_on is not None and worked_on["agent_id"] and not worked_on["done_at"]
    values: dict[str, Any] = {"contact_count": case.contact_count + 1}
    hers = joined is not None and not joined["of_unit"]
    if not busy and hers:
        values["current_contact"] = contact_id
    await work.cases.change(case.id, now, **values)
    if case.state is CaseState.HANDED_OVER and hers:
        await citizen_wrote(work, case, now)
    return await revive(work, await work.cases.lock_id(case.id), contact_id, now, by=None)


async def _set_aside(work: Work, case: Case, contact: Row, now: datetime) -> Case:
    """Let an automatic answer rest: in a closed case, or when too many come, nobody has to take it at all."""
    await work.cases.change(case.id, now)
    capped = CAPPED in contact["flags"]
    if case.state is CaseState.CLOSED or capped:
        await work.contacts.done(contact["id"], now)
        why = CAPPED if capped else "automatic" if contact["automatic"] else QUIET
        at = {"case_id": case.id, "case_number": case.number, "contact_id": contact["id"], "at": now}
        event = ContactSetAside(**at, why=why)
        work.tell(event, event_id=natural_event_id(event.event_type, contact["id"]))
    return case


async def revive(work: Work, case: Case, contact_id: str, now: datetime, *, by: str | None) -> Case:
    """Bring a case to life because its citizen is here again; a closed one is reopened, and that is told."""
    state = after(case.state, Deed.FOLLOW_UP)
    if state is case.state:
        return case
    values: dict[str, Any] = {"state": state.value, "parked_until": None, **await waited(work, case, now)}
    if case.state is CaseState.CLOSED:
        await reopened(work, case.id, now)
        values |= {"closed_at": None, "closed_by": None, "resolution": None, "cause": None}
        work.tell(CaseReopened(case_id=case.id, case_number=case.number, contact_id=contact_id, by=by, at=now))
    await work.cases.change(case.id, now, **values)
    await work.history.write(case.id, now, by=by or "", by_name="", what=Deed.FOLLOW_UP.value)
    return await work.cases.lock_id(case.id)


async def take(work: Work, contacts: Sequence[Row], now: datetime, reopen_days: int = 30) -> dict[str, str]:
    """Give the cases of accepted contacts to their agents, opened if need be; return number by contact id.

    One that follows a case closed more than `reopen_days` ago gets a new one, also when it is accepted before it came.
    """
    homes = {contact["id"]: _home(contact) for contact in contacts}
    goes_on, held = await hold_going_on(work, list(homes.values()))
    case_of = {contact: goes_on.get(home, home) for contact, home in homes.items()}
    old = {one["id"]: held.get(case_of[one["id"]]) for one in contacts}
    days = {one["id"]: reopen_days for one in contacts if not one["case_id"]}
    fresh = [one for one in contacts if _opens_anew(one, old[one["id"]], now, days.get(one["id"]))]
    unlinked = {one["id"]: case_id_of(one["id"]) if one in fresh else case_of[one["id"]] for one in contacts}
    await work.contacts.link(
        {one["id"]: unlinked[one["id"]] for one in contacts if one["case_id"] != unlinked[one["id"]]}
    )
    numbers = await open_cases(work, [{**contact, "case_id": None, "follows": None} for contact in fresh], now)
    for contact in fresh:
        if (followed := old[contact["id"]]) is not None:
            await _link(work, followed, contact["id"], numbers.get(contact["id"], ""), now)
    rows = [{"case_id": unlinked[one["id"]], "agent_id": one["agent_id"], "contact_id": one["id"]} for one in contacts]
    await work.cases.take(rows, now)
    cases = {case.id: case for case in await work.cases.lock_many(list(unlinked.values()))}
    for contact in contacts:
        case = cases[unlinked[contact["id"]]]
        if not (contact["automatic"] and case.state is CaseState.CLOSED):
            await revive(work, case, contact["id"], now, by=contact["agent_id"])
    return {contact["id"]: cases[unlinked[contact["id"]]].number for contact in contacts}


def _home(contact: Row) -> str:
    return str(contact["case_id"] or contact["follows"] or case_id_of(contact["id"]))


async def let_go(work: Work, contacts: Sequence[Row], now: datetime) -> None:
    """Contacts (`id`, `epoch`, since when `at`) wait again: nobody has them any more, nor their cases.

    What was talked until then stays counted in the case.
    """
    since = {contact["id"]: contact.get("at") or now for contact in contacts}
    rows = await work.contacts.requeue(contacts)
    for row in rows:
        work.ring(row["agent_id"])
        if row["case_id"]:
            await work.cases.change(row["case_id"], now, agent_id=None)
            await given_back(work, row, since[row["id"]])
    await tell_askers(work, rows)


async def tell_askers(work: Work, questions: Iterable[Row]) -> None:
    """Ring at the desks of those who have asked a colleague: it stands otherwise with their question."""
    if about := [row["about"] for row in questions if row["about"]]:
        work.ring(*await work.contacts.holders(about))
