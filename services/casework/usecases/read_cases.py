"""Reading cases: one with everything about it, lists, an agent's desk, and a hand-over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.casework.domain.checklist import Checklist
from services.casework.domain.news import news
from services.casework.store.deadlines import Deadlines
from services.casework.store.reads import LIMIT, narrowed
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases import reading, views
from services.casework.usecases.calendars import Calendars, calendar_for, calendars
from services.casework.usecases.case_facts import Who, facts_of, notes_of, who_of
from services.casework.usecases.checklists.urgent import newer_than
from services.casework.usecases.desk_views import DeskState, LateRow, in_turn
from services.casework.usecases.measures import measured
from services.casework.usecases.protection import hidden, protects, veiled
from services.casework.usecases.reply import answered
from services.casework.usecases.search_cases import ListFound
from services.casework.usecases.take_over import taken_over
from services.casework.usecases.text_citizen import reach
from services.casework.usecases.work_views import QuestionView
from shared.clock import Clock, local, utc_now
from shared.vocabulary import CaseState, Channel, TakenOver
from shared.web.access import Person, visible_units

MOST_LATE = 5


@dataclass(frozen=True, slots=True)
class ReadCase:
    """Read a case with its conversation, checklist, notes and hand-overs, as one person may see it."""

    uow: UnitOfWork
    clock: Clock
    reopen_days: int = 30
    sms: bool = False
    """Whether SMS can be sent at all."""

    async def run(self, number: str, person: Person) -> views.CaseView:
        """Return the case; NotFoundError when it is not there or not for this person."""
        async with self.uow.read() as work:
            row = await work.reads.case(number, visible_units(person))
            return await self._view(work, row, person)

    async def _view(self, work: Work, row: Row, person: Person) -> views.CaseView:
        entrances = {one["id"]: one for one in await work.catalogue.entrances()}
        listed = {one["id"]: one for one in await work.catalogue.units()}
        units = {unit: one["name"] for unit, one in listed.items()}
        names = {one["id"]: one["name"] for one in await work.catalogue.people()}
        who = await who_of(work, row, person)
        contacts = who.contacts
        mails = [*await work.mails.of_case(row["id"]), *await work.sms.of_case(row["id"])]
        earlier = [] if who.hides else await _earlier(work, row, person)
        handovers = who.handed(await self._handovers(work, [row], units, names, mails))
        draft = await work.texts.draft(row["id"], person.id)
        current = next((one for one in contacts if one["id"] == row["current_contact"]), None)
        ours = who.said(await work.texts.messages_of(row["id"])), who.sent(mails)
        state, forward = await taken_over(work, row, current)
        answers = answered(who.known, row["current_contact"])
        asked = await work.contacts.questions(row["current_contact"])
        same = ("id", "number", "entrance", "unit", "case_type", "classified_how", "language", "priority", "agent_id")
        more = ("opened_at", "due_at", "parked_until", "resolution", "cause", "closed_at", "first_contact")
        return views.CaseView(
            **{name: row[name] for name in (*same, *more)},
            **await self._type(work, row),
            state=CaseState(row["state"]),
            channel=Channel(row["channel"]),
            entrance_name=entrances[row["entrance"]]["name"] if row["entrance"] in entrances else row["entrance"],
            greeting=_greeting(entrances.get(row["entrance"]), person),
            unit_name=str(units.get(row["unit"], row["unit"])),
            agent_name=names.get(row["agent_id"], row["agent_id"]),
            **await measured(work, row, who.known, names, self.clock()),
            candidates=_candidates(current, units),
            checklist=await self._checklist(work, row, quiet=who.protected),
            contacts=tuple(reading.contact_view(one, entrances, row["current_contact"]) for one in contacts),
            messages=reading.conversation(who.said(contacts), *ours, names),
            notes=notes_of(who.said(await work.texts.notes_of(row["id"]))),
            draft=draft["body"] if draft else "",
            draft_saved_at=draft["saved_at"] if draft else None,
            handover=handovers[-1] if handovers else None,
            handovers=handovers,
            light=reading.Clocks(self.clock(), await calendars(work)).light_of(row),
            earlier=tuple(reading.case_row(one, hidden=False) for one in earlier),
            earlier_handovers=_nameless(earlier, await self._handovers(work, earlier, units, names, ())),
            taken_over=state,
            forward_to=forward or _address(listed.get(row["unit"]), state),
            reply_to=who.shown(answers["sender_email"]) if answers else None,
            sms_to=self._sms_to(who, entrances.get(row["entrance"]), row),
            moves=tuple(reading.move_view(one, names, units) for one in await work.moves.of_case(row["id"])),
            questions=tuple(reading.question_view(one, names, row["agent_id"]) for one in asked),
            asks_me=_to(person, asked, names, row["agent_id"]),
            **await facts_of(work, row, person, names, self.clock(), self.reopen_days),
            **who.facts,
        )

    def _sms_to(self, who: Who, entrance: Row | None, row: Row) -> str | None:
        found = reach(who.known, entrance, row) if self.sms else None
        return who.shown(found.number) if found else None

    async def _handovers(
        self,
        work: Work,
        cases: Sequence[Row],
        units: Mapping[str, str],
        names: Mapping[str, str],
        mails: Sequence[Row],
    ) -> tuple[views.HandoverView, ...]:
        """Return the hand-overs of these cases, oldest first."""
        sent = {mail["id"].rsplit(".", 1)[-1]: mail for mail in mails}
        numbers = {case["id"]: case["number"] for case in cases}
        found = await work.inbox.of_cases(list(numbers))
        times = await calendars(work) if found else Calendars({})
        now = self.clock()
        return tuple(
            reading.handover_view(
                one,
                numbers[one["case_id"]],
                units,
                now,
                sent.get(one["id"].replace("-", "")),
                calendar=times.of(one["unit"]),
                people=names,
            )
            for one in found
        )

    async def _type(self, work: Work, row: Row) -> dict[str, Any]:
        kind = await work.catalogue.case_type(row["case_type"]) if row["case_type"] else None
        path = tuple(kind["path"]) if kind else ()
        return {"path": path, "area": " / ".join(path[1:-1]), "question": path[-1] if path else ""}

    async def _checklist(self, work: Work, row: Row, *, quiet: bool) -> views.ChecklistView | None:
        if row["checklist_id"] is None or row["checklist_version"] is None:
            return None
        published = await work.runs.version(row["checklist_id"], row["checklist_version"])
        if published is None:
            return None
        done = await work.runs.done(row["id"], row["run"])
        shown = [replace(one, note=hidden(one.note)) for one in done] if quiet else done
        found = reading.checklist_view(published, shown, self.clock())
        live = row["state"] in {CaseState.OPEN, CaseState.PARKED}
        return replace(found, newer=await self._newer(work, published.checklist)) if live else found

    async def _newer(self, work: Work, old: Checklist) -> views.NewerView | None:
        newer = await newer_than(work, old.id, old.version)
        there = await work.runs.version(old.id, newer.version) if newer else None
        if newer is None or there is None:
            return None
        return views.NewerView(newer.version, newer.urgent, newer.reason, newer.since, news(old, there.checklist))


async def _earlier(work: Work, row: Row, person: Person) -> list[Row]:
    """Return other cases of the same person, but those that hide her from this reader."""
    found = await work.reads.earlier(row, visible_units(person))
    return [one for one in found if not protects(one, person)]


def _nameless(cases: Sequence[Row], found: Sequence[views.HandoverView]) -> tuple[views.HandoverView, ...]:
    """Return hand-overs of cases, those about somebody anonymous without who she is."""
    anonymous = {one["number"] for one in cases if one["anonymous"]}
    return tuple(veiled(one, protected=False) if one.case_number in anonymous else one for one in found)


def _greeting(entrance: Row | None, person: Person) -> str:
    return entrance["greeting"].replace("{agent}", person.first_name) if entrance else ""


def _address(unit: Row | None, state: TakenOver) -> str:
    return unit["handover_address"] if unit and state is TakenOver.NOT else ""


def _to(person: Person, asked: list[Row], names: Mapping[str, str], by: str | None) -> QuestionView | None:
    mine = [one for one in asked if one["agent_id"] == person.id and not one["done_at"]]
    return reading.question_view(mine[-1], names, by) if mine else None


def _candidates(contact: Row | None, units: Mapping[str, str]) -> tuple[views.CandidateView, ...]:
    listed = contact["candidates"] if contact else []
    names = ("case_type", "unit", "area", "question", "confidence")
    return tuple(
        views.CandidateView(**{name: one[name] for name in names}, unit_name=units.get(one["unit"], one["unit"]))
        for one in listed
    )


def _note(row: Row) -> views.NoteView:
    return views.NoteView(row["id"], row["author"], row["author_name"], row["at"], row["body"])


@dataclass(frozen=True, slots=True)
class ListCases:
    """List the cases a person may see, newest first; those that answer a text, best first."""

    uow: UnitOfWork
    clock: Clock = utc_now

    async def run(  # noqa: PLR0913 - each a way to narrow the list, by name
        self,
        person: Person,
        *,
        contact_id: str | None = None,
        number: str | None = None,
        text: str | None = None,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = LIMIT,
    ) -> views.CasePage:
        """Return one page; `text` is looked for as the search does (`docs/search.md`)."""
        limit = max(1, min(limit, 200))
        if not (contact_id or number):
            return await ListFound(self.uow, self.clock).run(person, (text or "").strip(), state, cursor, limit)
        seen = visible_units(person)
        condition = narrowed(seen, contact_id=contact_id, number=number, text=text, state=state)
        async with self.uow.read() as work:
            rows, following = await work.reads.page(condition, cursor, limit)
            clocks = reading.Clocks(self.clock(), await calendars(work))
        return views.CasePage(
            tuple(reading.case_row(row, clocks, hidden=protects(row, person)) for row in rows), following
        )


@dataclass(frozen=True, slots=True)
class ReadDesk:
    """Read what stands on an agent's desk."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, agent_id: str) -> DeskState:
        """Return the desk."""
        midnight = local(self.clock()).replace(hour=0, minute=0, second=0, microsecond=0)
        async with self.uow.read() as work:
            clocks = reading.Clocks(self.clock(), await calendars(work))
            found = [reading.desk_row(row, agent_id, clocks) for row in await work.reads.desk(agent_id)]
            closed, handed = await work.reads.ended_since(agent_id, midnight)
            late = tuple(LateRow(**row) for row in await Deadlines(work.conn).late_of(agent_id, MOST_LATE))
        parked = tuple(row for row in found if row.state is CaseState.PARKED)
        cases = in_turn([row for row in found if row.state is not CaseState.PARKED])
        return DeskState(agent_id, cases, parked, closed, handed, late)


@dataclass(frozen=True, slots=True)
class ReadHandover:
    """Read one hand-over."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, handover_id: str, person: Person) -> views.HandoverView:
        """Return it; NotFoundError when it is not this person's to see."""
        async with self.uow.read() as work:
            row = await work.handovers.find(handover_id, visible_units(person), hold=False)
            units = {one["id"]: one["name"] for one in await work.catalogue.units()}
            [case] = await work.reads.by_ids([row["case_id"]])
            calendar = await calendar_for(work, row["unit"])
        view = reading.handover_view(row, case["number"], units, self.clock(), calendar=calendar)
        hides = protects(case, person) and row["unit"] not in person.units
        return veiled(view, protected=hides) if hides or case["anonymous"] else view
