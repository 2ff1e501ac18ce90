"""Rows into view models: small pure functions that the reading use cases share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from services.casework.domain.checklist import Done, Run, Step
from services.casework.domain.deadline import OFFICE, light
from services.casework.domain.handover import Field, Preview
from services.casework.domain.noting import remember
from services.casework.store.runs import Published
from services.casework.store.sql import Row
from services.casework.usecases import views
from services.casework.usecases.calendars import Calendars
from services.casework.usecases.delivering import automatic_view, reply_view
from services.casework.usecases.desk_views import DeskRow
from services.casework.usecases.work_views import MoveView, QuestionView
from shared.calendar import WorkingCalendar
from shared.vocabulary import LIVE_CHANNELS, CaseState, Channel, WorkKind


@dataclass(frozen=True, slots=True)
class Clocks:
    """What it takes to say how promises stand: the moment, and when each unit works."""

    now: datetime
    calendars: Calendars

    def light_of(self, row: Row) -> str:
        """Return how a case's due time stands; empty when none runs: ended, handed over, waiting for the citizen."""
        runs = row["state"] in {CaseState.OPEN, CaseState.PARKED} and not row["waiting_since"]
        if not runs or row["due_at"] is None:
            return ""
        return light(self.now, row["opened_at"], row["due_at"], self.calendars.of(row["unit"])).value


def case_row(row: Row, clocks: Clocks | None = None, *, hidden: bool | None = None) -> views.CaseRow:
    """Return a case of a list; with `clocks` how its due time stands.

    `hidden` says whether its person is protected from the reader; not said, she is wherever she is protected.
    """
    names = ("id", "number", "unit", "case_type", "opened_at", "due_at", "closed_at", "agent_id", "resolution")
    more = ("contact_id", "classified_how")
    version = row["checklist_version"]
    silent = row["protected"] if hidden is None else hidden
    words = [] if silent else (row["subject"] or row["body"] or "").strip().splitlines()
    return views.CaseRow(
        **{name: row[name] for name in (*names, *more)},
        checklist=views.ChecklistNamed(row["checklist_id"], version) if version else None,
        state=CaseState(row["state"]),
        channel=Channel(row["channel"]),
        unit_name=row["unit_name"] or row["unit"],
        question=row["question"] or "",
        subject=words[0][:120] if words else "",
        sender=_sender(row),
        light=clocks.light_of(row) if clocks else "",
    )


def _sender(row: Row) -> str:
    """Return who wrote; nobody in a list where she is protected or anonymous."""
    if row["protected"] or row["anonymous"]:
        return ""
    return row["sender_name"] or row["sender_email"] or row["sender_phone"] or ""


def contact_view(row: Row, entrances: Mapping[str, Row], current: str) -> views.ContactView:
    """Return a contact of a case."""
    names = (
        *("id", "entrance", "sender_name", "sender_email", "sender_phone", "subject", "language", "fields"),
        *("unreadable", "automatic", "ticket", "queue", "waited_seconds", "accepted_at", "ended_at", "epoch"),
        *("agent_id", "linked_case", "done_at", "original_key"),
    )
    entrance = entrances.get(row["entrance"])
    return views.ContactView(
        **{name: row[name] for name in names},
        channel=Channel(row["channel"] or Channel.EMAIL),
        entrance_name=entrance["name"] if entrance else row["entrance"],
        received_at=row["received_at"],
        text=row["body"],
        full_text=row["full_body"],
        attachments=tuple(map(attachment_view, row["attachments"])),
        flags=tuple(row["flags"]),
        purged=row["purged_at"] is not None,
        current=row["id"] == current,
        why=tuple(row["why"]),
        kind=row["kind"] or WorkKind.CONTACT.value,
    )


def attachment_view(kept: Mapping[str, Any]) -> views.AttachmentView:
    """Return a file of a contact; what a later version says of it besides is passed over."""
    names = {one.name for one in fields(views.AttachmentView)}
    return views.AttachmentView(**{name: value for name, value in kept.items() if name in names})


def desk_row(row: Row, agent_id: str, clocks: Clocks | None = None) -> DeskRow:
    """Return a case on an agent's desk."""
    listed = case_row(row, clocks, hidden=row["protected"] and row["agent_id"] != agent_id)
    question = row["agent_id"] != agent_id and row["asks_her"]
    live = question or row["now_channel"] in LIVE_CHANNELS
    same = {one.name: getattr(listed, one.name) for one in fields(listed)}
    reminded = row["state"] == CaseState.OPEN and row["parked_until"] is not None
    talking = live and (question or row["now_done_at"] is None)
    parked = row["parked_until"]
    return DeskRow(**same, live=live, talking=talking, asked=question, reminded=reminded, parked_until=parked)


def move_view(row: Row, names: Mapping[str, str], units: Mapping[str, str]) -> MoveView:
    """Return one thing on a contact's way."""
    to = row["agent_id"] if row["what"] == "transferred" else row["other"]
    called = {**units, **names}
    return MoveView(row["at"], row["what"], called.get(row["agent_id"], ""), str(called.get(to, to)), row["call_at"])


def question_view(row: Row, names: Mapping[str, str], by: str | None) -> QuestionView:
    """Return what a colleague is asked."""
    over = row["done_at"] is not None or row["ended_at"] is not None
    who = row["agent_id"] or row["asked"]
    state = "refused" if over else "answered" if row["agent_id"] else "asked"
    return QuestionView(row["id"], state, who, names.get(who, who), row["epoch"], names.get(by or "", by or ""))


def conversation(
    contacts: Sequence[Row], messages: Sequence[Row], mails: Sequence[Row], names: Mapping[str, str]
) -> tuple[views.MessageView, ...]:
    """Return what was written, oldest first: the citizen's contacts, our replies and our automatic mails."""
    state = {mail["id"].rsplit(".", 1)[-1]: mail for mail in mails}
    said = ("body", "full_body", "subject", "attachments", "original_key")
    found = [_incoming(one) for one in contacts if any(one[name] for name in said) and not one["purged_at"]]
    found += [reply_view(one, state.get(one["id"].replace("-", "")), names) for one in messages]
    found += [automatic_view(one) for one in mails if one["kind"] in {"receipt", "notice"}]
    return tuple(sorted(found, key=lambda one: one.at))


def _incoming(row: Row) -> views.MessageView:
    author = row["sender_name"] or row["sender_email"] or row["sender_phone"] or ""
    text = row["body"] or row["full_body"]
    return views.MessageView(row["id"], "in", row["channel"] or "", row["received_at"], author, row["subject"], text)


def handover_view(  # noqa: PLR0913 - a row and what it is read with
    row: Row,
    number: str,
    units: Mapping[str, str],
    now: datetime,
    mail: Row | None = None,
    *,
    calendar: WorkingCalendar = OFFICE,
    people: Mapping[str, str] | None = None,
) -> views.HandoverView:
    """Return a hand-over; `calendar` is that of the unit which keeps its promises."""
    names = (
        *("id", "state", "unit", "address", "mode", "priority", "message", "by", "at", "acknowledge_by", "answer_by"),
        *("acknowledged_at", "acknowledged_by", "ended_at", "ended_by", "end_text", "reason", "external_ref"),
        *("planned_for", "performer", "progress", "progress_at", "assignee", "paused_at", "return_code", "return_to"),
        *("answer_to", "deliver_at", "delivered_at", "version"),
    )
    waiting = row["state"] == "sent" and row["acknowledge_by"] < now
    return views.HandoverView(
        **{name: row[name] for name in names},
        case_number=number,
        to=row["to_label"],
        unit_name=units.get(row["unit"], row["unit"]),
        assignee_name=(people or {}).get(row["assignee"], row["assignee"] or ""),
        return_to_name=units.get(row["return_to"], row["return_to"]),
        fields=field_views([Field(**one) for one in row["fields"]]),
        withheld=tuple(map(_withheld, row["withheld"])),
        late=waiting or (row["state"] in ("sent", "acknowledged") and row["answer_by"] < now),
        mail_state=mail["state"] if mail else "",
        **_lights(row, now, calendar),
    )


def _lights(row: Row, now: datetime, calendar: WorkingCalendar) -> dict[str, Any]:
    """Return how both promises of a hand-over stand; one that is kept, over or standing still has no light."""
    if row["ended_at"]:
        return {}
    received, paused = row["acknowledged_at"], row["paused_at"]
    return {
        "acknowledge_light": "" if received else light(now, row["at"], row["acknowledge_by"], calendar).value,
        "answer_light": "" if paused else light(now, row["at"], row["answer_by"], calendar).value,
    }


def _withheld(kept: Mapping[str, str]) -> views.WithheldView:
    name = kept["field"]
    return views.WithheldView(name, Field(name, "").label, kept["why"])


def field_views(fields: Sequence[Field]) -> tuple[views.FieldView, ...]:
    """Return fields as pages show them."""
    return tuple(views.FieldView(one.name, one.label, one.value, one.missing) for one in fields)


def checklist_view(published: Published, done: Sequence[Done], now: datetime) -> views.ChecklistView:
    """Return a checklist with the walk through it."""
    one = published.checklist
    run = Run(one, tuple(done))
    here = one.step(run.here) if run.here else None
    ahead = one.reachable(run.here) if run.here else frozenset()
    walked = [_step(run, step, "done", entry) for entry in run.done if (step := one.step(entry.step))]
    now_view = _step(run, here, "now") if here else None
    coming = [_step(run, step, "ahead") for step in one.steps if step.id in ahead and step is not here]
    names = ("id", "version", "identity_note", "legal_note", "owner_role", "owner_unit", "forbid")
    return views.ChecklistView(
        **{name: getattr(one, name) for name in names},
        identity=one.identity.value,
        secrecy=one.secrecy.value,
        published_at=published.published_at,
        review_overdue=published.review_by is not None and published.review_by < now,
        params=dict(one.params),
        steps=(*walked, *([now_view] if now_view else []), *coming),
        now=now_view,
        end=_end(run),
        can_go_back=bool(run.done),
        open_obligatory=tuple(step.id for step in run.open_obligatory()),
    )


def _step(run: Run, step: Step, state: str, done: Done | None = None) -> views.StepView:
    fill = run.checklist.fill
    options = tuple(
        views.OptionView(option.label, fill(option.label), key) for key, option in enumerate(step.options, 1)
    )
    given: dict[str, Any] = (
        {"option": done.option and fill(done.option), "note": done.note, "by": done.by, "at": done.at} if done else {}
    )
    given |= {"reference": done.reference} if done else {"remember": remember(run.checklist, step)}
    return views.StepView(
        step.id,
        step.type.value,
        fill(step.text),
        state,
        step.obligatory,
        fill(step.note),
        options,
        delegation=step.delegation,
        links=tuple(views.StepLinkView(link.label, link.url) for link in step.links),
        **given,
    )


def _end(run: Run) -> views.EndView | None:
    end, fill = run.end, run.checklist.fill
    if end is None:
        return None
    to = fill(end.to) if end.to else None
    texts = (fill(end.note), fill(end.why))
    return views.EndView(end.id, end.kind.value, end.resolution, fill(end.message), to, end.mode, end.priority, *texts)


def preview_view(plan: Preview, message: str) -> views.PreviewView:
    """Return a preview as doors and pages show it."""
    names = ("to", "unit", "unit_name", "address", "mode", "priority", "missing", "warnings", "with_conversation")
    return views.PreviewView(
        **{name: getattr(plan, name) for name in names},
        fields=field_views(plan.fields),
        message=message,
        acknowledge_by=plan.acknowledge_by,
        answer_by=plan.answer_by,
        withheld=tuple(views.WithheldView(one.field, one.label, one.why.value) for one in plan.withheld),
        deliver_at=plan.deliver_at,
        discloses_to=plan.discloses_to,
        tells=plan.tells,
    )
