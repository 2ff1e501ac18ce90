"""What goes along with a hand-over: what the case knows by the names of the fields, and what was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.casework.domain.case import Case
from services.casework.domain.checklist import Run
from services.casework.mail import CHANNELS, when
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.protection import nameless
from shared.vocabulary import Channel, PersonRole, StepType


def filled(run: Run | None, text: str | None) -> str | None:
    """Return a text of the checklist with its params filled in."""
    return run.checklist.fill(text) if run and text else text


@dataclass(frozen=True, slots=True)
class Written:
    """The contacts of a case and what we have written to them, read once for all that goes along."""

    contacts: Sequence[Row]
    messages: Sequence[Row]
    anonymous: bool = False
    """Nothing that goes along says who the citizen is."""

    @property
    def known(self) -> list[Row]:
        """The contacts that are not erased."""
        kept = [one for one in self.contacts if not one["purged_at"]]
        return [nameless(one) for one in kept] if self.anonymous else kept


async def written_in(work: Work, case: Case) -> Written:
    """Return what was written in a case."""
    people = await work.people.of_cases([case.id])
    anonymous = any(one["role"] == PersonRole.ANONYMOUS for one in people)
    return Written(await work.contacts.of_case(case.id), await work.texts.messages_of(case.id), anonymous)


async def values_of(work: Work, case: Case, run: Run | None, written: Written) -> dict[str, str]:
    """Return what the case knows, by the names of the fields."""
    contacts = written.known
    kind = await work.catalogue.case_type(case.case_type) if case.case_type else None
    first: Mapping[str, Any] = contacts[0] if contacts else {}
    notes = [note["body"] for note in await work.texts.notes_of(case.id)]
    sent = [one["body"] for one in written.messages]
    told = [filled(run, step.text) or "" for step in _done(run, StepType.INFORM)]
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


def conversation(case: Case, written: Written) -> list[dict[str, str]]:
    """Return what citizen and centre have written to each other, oldest first."""
    theirs = [
        (one["received_at"] or case.opened_at, one["sender_name"] or "Invånaren", one["body"] or one["full_body"])
        for one in written.known
    ]
    ours = [(one["at"], "Kontaktcenter", one["body"]) for one in written.messages]
    said = sorted((one for one in theirs + ours if one[2]), key=lambda one: one[0])
    return [{"at": when(at), "author": name, "text": text} for at, name, text in said]
