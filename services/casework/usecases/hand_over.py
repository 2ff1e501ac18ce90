"""Handing a case over: first a preview without effects, then the hand-over, once per request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case, Deed, after
from services.casework.domain.checklist import End, Run
from services.casework.domain.deadline import deadlines
from services.casework.domain.handover import NoReceiverError, Preview, fields, with_conversation
from services.casework.mail import CHANNELS, Letters, when
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.calendars import calendar_for
from services.casework.usecases.close_case import ending
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.events import CaseHandedOver
from shared.ids import new_id
from shared.vocabulary import CaseState, Channel, Outcome, Secrecy, StepType
from shared.web.access import Person, visible_units

Given = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Handed:
    """A hand-over that was made."""

    id: str
    acknowledge_by: datetime
    answer_by: datetime


async def receiver(work: Work, to: str | None, fallback: str) -> tuple[Row, str]:
    """Return the unit that receives and what the receiver is called; NoReceiverError when nobody can be found.

    `to` is a unit's id or name, or `unit/function` as ends of checklists say it; a function of no known unit is
    reached through the case's own (`fallback`).
    """
    label = (to or "").strip()
    named = await work.catalogue.unit_called(label.split("/", 1)[0].strip()) if label else None
    unit = named or await work.catalogue.unit(fallback)
    if unit is None or not unit["handover_address"]:
        raise NoReceiverError
    return unit, label if label and label != unit["id"] else str(unit["name"])


async def preview(work: Work, case: Case, to: str | None, given: Given, now: datetime) -> Preview:
    """Return what would go along."""
    run = await work.runs.of(case)
    end = run.end if run and run.end and run.end.kind is Outcome.HANDOVER else None
    label = to or (run.checklist.fill(end.to) if run and end and end.to else None)
    unit, name = await receiver(work, label, case.unit)
    forbid = end.forbid if end else ()
    secrecy = run.checklist.secrecy if run else Secrecy.NONE
    terms = deadlines(
        now,
        _fill(run, end.receive_within if end else None),
        _fill(run, end.answer_citizen_within if end else None),
        await calendar_for(work, unit["id"]),
    )
    values = await _values(work, case, run)
    return Preview(
        to=name,
        unit=unit["id"],
        unit_name=unit["name"],
        address=unit["handover_address"],
        mode=end.mode if end else None,
        priority=end.priority if end else "normal",
        fields=fields(values, end, forbid, given),
        warnings=tuple(_warnings(run, end)),
        acknowledge_by=terms.acknowledge_by,
        answer_by=terms.answer_by,
        with_conversation=with_conversation(secrecy, forbid),
    )


def _fill(run: Run | None, text: str | None) -> str | None:
    return run.checklist.fill(text) if run and text else text


def _warnings(run: Run | None, end: End | None) -> list[str]:
    """Return what the agent should know before handing over."""
    found = []
    if run is not None and run.end is None and run.open_obligatory():
        found.append("Ett obligatoriskt steg i checklistan är inte gjort.")
    if run is not None and run.end is not None and end is None:
        found.append("Checklistan slutar inte med en överlämning.")
    if end is not None and end.note:
        found.append(end.note)
    return found


async def _values(work: Work, case: Case, run: Run | None) -> dict[str, str]:
    """Return what the case knows, by the names of the fields."""
    contacts = [one for one in await work.contacts.of_case(case.id) if not one["purged_at"]]
    kind = await work.catalogue.case_type(case.case_type) if case.case_type else None
    first: Mapping[str, Any] = contacts[0] if contacts else {}
    notes = [note["body"] for note in await work.texts.notes_of(case.id)]
    sent = [one["body"] for one in await work.texts.messages_of(case.id)]
    told = [_fill(run, step.text) or "" for step in _done(run, StepType.INFORM)]
    words = "\n".join(filter(None, (first.get("subject"), first.get("body"))))
    checklist = f"{case.checklist_id}, version {case.checklist_version}" if case.checklist_id else ""
    return {
        **_form_fields(contacts),
        "ärendenummer": case.number,
        "inkom_via": CHANNELS[Channel(case.channel)],
        "inkom_tid": when(first.get("received_at") or case.opened_at),
        "ärendetyp": " | ".join(kind["path"]) if kind else "",
        "beskrivning": words or "\n".join(notes),
        "namn": _first(contacts, "sender_name"),
        "telefon_eller_e_post": _first(contacts, "sender_phone") or _first(contacts, "sender_email"),
        "vad_kc_har_gjort": "\n".join([*_answers(run), *(notes if words else ())]),
        "vad_invånaren_har_fått_veta": "\n".join([*told, *sent]),
        "checklista_och_version": checklist or "ingen checklista",
    }


def _first(contacts: Sequence[Row], name: str) -> str:
    return next((str(one[name]) for one in contacts if one[name]), "")


def _form_fields(contacts: Sequence[Row]) -> dict[str, str]:
    return {name.lower().replace(" ", "_"): str(value) for one in contacts for name, value in one["fields"].items()}


def _done(run: Run | None, kind: StepType) -> list[Any]:
    steps = [run.checklist.step(done.step) for done in run.done] if run else []
    return [step for step in steps if step is not None and step.type is kind]


def _answers(run: Run | None) -> list[str]:
    """Return the steps that were done with their answers and notes."""
    lines = []
    for done in run.done if run else ():
        step = run.checklist.step(done.step) if run else None
        extra = ". ".join(filter(None, (done.option, done.note)))
        if step is not None and extra and run:
            lines.append(f"{run.checklist.fill(step.text)} {run.checklist.fill(extra)}")
    return lines


async def conversation(work: Work, case: Case) -> list[dict[str, str]]:
    """Return what citizen and centre have written to each other, oldest first."""
    theirs = [
        (one["received_at"] or case.opened_at, one["sender_name"] or "Invånaren", one["body"] or one["full_body"])
        for one in await work.contacts.of_case(case.id)
        if not one["purged_at"]
    ]
    ours = [(one["at"], "Kontaktcenter", one["body"]) for one in await work.texts.messages_of(case.id)]
    written = sorted((one for one in theirs + ours if one[2]), key=lambda one: one[0])
    return [{"at": when(at), "author": name, "text": text} for at, name, text in written]


@dataclass(frozen=True, slots=True)
class PreviewHandover:
    """Say what would go, and what is missing; nothing happens."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, to: str | None = None, given: Given | None = None) -> Preview:
        """Return the preview."""
        async with self.uow.begin() as work:
            case = await work.cases.lock(number, visible_units(person))
            after(case.state, Deed.HAND_OVER)
            return await preview(work, case, to, given or {}, self.clock())


@dataclass(frozen=True, slots=True)
class HandOver:
    """Hand a case over to a verksamhet, by mail to its address, with deadlines in working time."""

    uow: UnitOfWork
    letters: Letters
    clock: Clock

    async def run(
        self,
        number: str,
        person: Person,
        *,
        request_id: str,
        to: str | None = None,
        message: str = "",
        given: Given | None = None,
    ) -> Handed:
        """Hand over; the same `request_id` on the same case is the same hand-over, however often it is sent."""
        async with self.uow.begin() as work:
            case = await work.cases.lock(number, visible_units(person))
            made = await work.handovers.by_request(case.id, request_id)
            if made is not None:
                return Handed(made["id"], made["acknowledge_by"], made["answer_by"])
            after(case.state, Deed.HAND_OVER)
            now, by = self.clock(), author(person, case)
            plan = await preview(work, case, to, given or {}, now)
            handover_id = new_id()
            await work.handovers.add(
                **_row(plan, case, by, now), id=handover_id, request_id=request_id, message=message.strip()
            )
            await self._send(work, case, plan, message, handover_id, now)
            await self._tell(work, case, plan, handover_id, by, now)
            return Handed(handover_id, plan.acknowledge_by, plan.answer_by)

    async def _send(self, work: Work, case: Case, plan: Preview, message: str, handover_id: str, now: datetime) -> None:
        said = await conversation(work, case) if plan.with_conversation else []
        safe = plan if plan.with_conversation else replace(plan, fields=_without_words(plan))
        nonce = handover_id.replace("-", "")
        mail = self.letters.handover(
            case.id, case.number, safe, message=message, conversation=said, nonce=nonce, now=now
        )
        await work.mails.queue([mail])

    async def _tell(self, work: Work, case: Case, plan: Preview, handover_id: str, by: str, now: datetime) -> None:
        facts = await ending(work, case, by, now)
        await work.cases.change(case.id, now, state=CaseState.HANDED_OVER.value)
        work.tell(
            CaseHandedOver(
                **facts,
                handover_id=handover_id,
                to=plan.unit,
                priority=plan.priority,
                acknowledge_by=plan.acknowledge_by,
                answer_by=plan.answer_by,
            )
        )


def _without_words(plan: Preview) -> tuple[Any, ...]:
    """Return the fields without what somebody wrote freely: it is read in the case, not in a mail."""
    free = {"beskrivning", "vad_kc_har_gjort", "vad_invånaren_har_fått_veta"}
    return tuple(field for field in plan.fields if field.name not in free)


def _row(plan: Preview, case: Case, by: str, now: datetime) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "contact_id": case.current_contact,
        "unit": plan.unit,
        "to_label": plan.to,
        "address": plan.address,
        "mode": plan.mode,
        "priority": plan.priority,
        "state": "sent",
        "fields": [{"name": one.name, "value": one.value, "missing": one.missing} for one in plan.fields],
        "by": by,
        "at": now,
        "acknowledge_by": plan.acknowledge_by,
        "answer_by": plan.answer_by,
    }
