"""Builds the objects of casework from its settings; nothing is connected before `start`."""

import functools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncEngine

from services.casework import consumers
from services.casework.channels.elks_sms import ElksSms
from services.casework.channels.intake import Intake
from services.casework.channels.webhooks import Webhooks
from services.casework.jobs import clocks
from services.casework.links import Links
from services.casework.mail import Letters, MailServer, Safety
from services.casework.router_client import RouterClient
from services.casework.settings import Settings
from services.casework.store import tables
from services.casework.store.bell import Bell
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import (
    accept_offer,
    call_back,
    close_case,
    consult,
    deliver_handovers,
    finish_contact,
    hand_over,
    misrouted,
    no_show,
    notes,
    outside,
    pass_handover,
    pass_on,
    pause_handover,
    read_cases,
    read_catalogue,
    read_files,
    read_hours,
    read_inbox,
    receive_handover,
    receiving_place,
    reindex,
    reopen,
    reply,
    reread,
    return_calls,
    search_cases,
    take_over,
    unit_terms,
    watch_deadlines,
    work_case,
)
from services.casework.usecases.case_deeds import CaseDeeds
from services.casework.usecases.casework import Casework
from services.casework.usecases.checklists.group import Checklists
from services.casework.usecases.connect import Directory
from services.casework.usecases.desk_day import DeskDay
from services.casework.usecases.follow_contacts import FollowContacts
from services.casework.usecases.follow_load import FollowLoad, ReadAlarms
from services.casework.usecases.follow_routing import FollowRouting
from services.casework.usecases.gaps import KnowledgeGaps
from services.casework.usecases.incidents import Incidents
from services.casework.usecases.outgoing import Outgoing
from services.casework.usecases.park import ParkCase
from services.casework.usecases.place_contacts import PlaceContacts
from services.casework.usecases.practice.group import Practice
from services.casework.usecases.quick import RegisterQuickly
from services.casework.usecases.receipts import SendReceipts
from services.casework.usecases.restart import RestartRun
from services.casework.usecases.send_mail import SendMail
from services.casework.usecases.send_webhooks import SendWebhooks
from services.casework.usecases.tell_citizen import TellCitizen, TellResumed
from services.casework.usecases.tell_unit import TellUnit
from shared import database
from shared.background import Background
from shared.clamd import Clamd
from shared.clock import Clock, utc_now
from shared.consume import Inflow
from shared.dead import DeadLetters
from shared.decisions import SqlDecisions, open_letters
from shared.health import Health
from shared.originals import Originals
from shared.outbox import Relay
from shared.publish import Publisher


def _letters(settings: Settings) -> tuple[Letters, reply.Replies]:
    letters = Letters.make(
        settings.key_for("thread"),
        settings.mail_domain,
        settings.outside,
        frozenset({settings.mail_from.lower()}),
        settings.key_for("unit-link"),
    )
    return letters, reply.Replies(letters, timedelta(seconds=settings.undo_seconds), sms=bool(settings.elks_url))


def _originals(settings: Settings) -> Callable[[], Originals]:
    return functools.cache(functools.partial(Originals, settings.originals, durable=settings.originals_durable))


def _router(settings: Settings) -> RouterClient:
    return RouterClient(settings.router_url, settings.machine_token.get_secret_value())


def _mail_server(settings: Settings) -> Callable[[], MailServer]:
    password = settings.smtp_password.get_secret_value()
    safety = Safety(settings.smtp_starttls, settings.smtp_user, password, settings.smtp_ca_file)
    reply_key = settings.key_for("thread") if settings.reply_plus else b""
    return functools.partial(
        MailServer, settings.smtp_host, settings.smtp_port, settings.mail_from, safety, reply_key=reply_key
    )


def _outgoing(settings: Settings, uow: UnitOfWork, clock: Clock) -> Outgoing:
    key = settings.elks_password.get_secret_value()
    token = urlencode({"token": settings.elks_token.get_secret_value()})
    reports = f"{settings.outside}/webhooks/46elks/delivery?{token}"
    sms = ElksSms(settings.elks_url, settings.elks_user, key, reports=reports) if settings.elks_url else None
    made = Outgoing.make(uow, _originals(settings), sms, timedelta(seconds=settings.undo_seconds), clock)
    scanner = Clamd(settings.clamd_socket, deadline=settings.clamd_seconds) if settings.clamd_socket else None
    return replace(made, files=replace(made.files, scanner=scanner))


def webhook_key(settings: Settings, unit: str) -> bytes:
    """Return the key that webhooks to a unit's system are signed with."""
    return settings.key_for(f"webhook:{unit}")


def _tells_citizen(settings: Settings, letters: Letters) -> TellCitizen:
    return TellCitizen(letters, _status_links(settings), sms=bool(settings.elks_url))


def _status_links(settings: Settings) -> Links:
    return Links(settings.outside, settings.key_for("status"))


def _follow_contacts(settings: Settings, uow: UnitOfWork, letters: Letters, clock: Clock) -> FollowContacts:
    receipts = SendReceipts(letters, settings.key_for("receipts"))
    places = PlaceContacts(settings.key_for("bursts"))
    return FollowContacts(uow, receipts, places, TellUnit(letters), clock, settings.reopen_days)


def _handing_over(settings: Settings, uow: UnitOfWork, replies: reply.Replies, clock: Clock) -> dict[str, Any]:
    """Return the use cases of hand-overs by their names."""
    letters = replies.letters
    tell, units = _tells_citizen(settings, letters), TellUnit(letters)
    hands_over = hand_over.HandOver(uow, letters, tell, clock, replies.undo)
    return {
        "preview_handover": hand_over.PreviewHandover(uow, tell, clock),
        "hand_over": hands_over,
        "hand_on": hand_over.HandOnReturned(uow, hands_over),
        "withdraw": pass_handover.WithdrawHandover(uow, units, clock),
        "acknowledge": receive_handover.AcknowledgeHandover(uow, clock),
        "progress": receive_handover.ProgressHandover(uow, clock),
        "assign": pass_handover.AssignHandover(uow, units, clock),
        "reassign": pass_handover.ReassignHandover(uow, letters, clock),
        "ask_citizen": pause_handover.AskCitizen(uow, replies, clock),
        "resume": pause_handover.ResumeHandover(uow, clock),
        "move_answer": pause_handover.MoveAnswer(uow, tell, clock),
        "send_back": receive_handover.ReturnHandover(uow, clock),
        "answer": receive_handover.AnswerHandover(uow, replies, clock),
        "set_away": pass_handover.SetAway(uow, clock),
        "read_misrouted": misrouted.ReadMisrouted(uow),
        "tell_resumed": TellResumed(uow, tell, clock),
        "deliver_handovers": deliver_handovers.DeliverHandovers(uow, letters, clock),
        "watch_deadlines": watch_deadlines.WatchDeadlines(uow, letters, tell, clock),
    }


def _passing_on(settings: Settings, uow: UnitOfWork, router: RouterClient, clock: Clock) -> dict[str, Any]:
    """Return the use cases that give a contact away or to a later time, or call who is gone, by their names."""
    intake = Intake(settings.intake_url, settings.machine_token)
    return {
        "pass_on": pass_on.PassOn(uow, router, clock),
        "promise_return_call": pass_on.PromiseReturnCall(uow, router, clock),
        "try_again": return_calls.TryAgain(uow, router, ParkCase(uow, clock), clock, sms=bool(settings.elks_url)),
        "invite_officer": pass_on.InviteOfficer(uow, router),
        "call_back": call_back.CallBack(uow, clock, settings.reopen_days),
        "may_call_back": call_back.MayCallBack(uow),
        "no_show": no_show.NoShow(uow, intake, clock),
        "directory": Directory.make(uow, intake, clock),
        "places": receiving_place.ReceivingPlaces(uow),
    }


def _units(uow: UnitOfWork, clock: Clock) -> dict[str, Any]:
    """Return the use cases of how units work (hours, terms, how far they have moved in), and of the desk's day."""
    return {
        "day": DeskDay.make(uow, clock),
        "read_hours": read_hours.ReadHours(uow, clock),
        "read_takeovers": take_over.ReadTakeovers(uow, clock),
        "read_unit_terms": unit_terms.ReadUnitTerms(uow),
        "set_unit_terms": unit_terms.SetUnitTerms(uow),
        "take_over": take_over.TakeOver(uow, clock),
    }


def _what_came(settings: Settings, uow: UnitOfWork) -> dict[str, Any]:
    return {
        "read_file": read_files.ReadFile(uow, _originals(settings)),
        "read_shown": read_files.ReadShown(uow, _originals(settings)),
        "read_again": reread.ReadAgain(uow, Intake(settings.intake_url, settings.machine_token)),
    }


def _with_checklists(uow: UnitOfWork, clock: Clock) -> dict[str, Any]:
    """Return the use cases of a case's type and of the walk through its checklist."""
    return {
        "classify": work_case.ClassifyCase(uow, clock),
        "do_step": work_case.DoStep(uow, clock),
        "step_back": work_case.StepBack(uow, clock),
        "restart": RestartRun(uow, clock),
        "quick": RegisterQuickly(uow, clock),
        "gaps": KnowledgeGaps.make(uow, clock),
    }


def build(settings: Settings, engine: AsyncEngine, clock: Clock = utc_now) -> Casework:
    """Return the use cases on a database."""
    uow = UnitOfWork(engine)
    (letters, replies), router = _letters(settings), _router(settings)
    return Casework(
        router=router,
        read_case=read_cases.ReadCase(uow, clock, settings.reopen_days, bool(settings.elks_url)),
        list_cases=read_cases.ListCases(uow, clock),
        search_cases=search_cases.SearchCases(uow, clock),
        read_desk=read_cases.ReadDesk(uow, clock),
        read_inbox=read_inbox.ReadInbox(uow, clock),
        read_colleagues=read_inbox.ReadColleagues(uow, clock),
        read_deeds=read_inbox.ReadDeeds(uow),
        read_handover=read_cases.ReadHandover(uow, clock),
        read_question=consult.ReadQuestion(uow),
        **_what_came(settings, uow),
        read_catalogue=read_catalogue.ReadCatalogue(uow),
        read_people=read_catalogue.ReadPeople(uow),
        accept_offer=accept_offer.AcceptOffer(uow, router, clock, settings.reopen_days),
        finish_contact=finish_contact.FinishContact(uow, router, clock),
        **_passing_on(settings, uow, router, clock),
        ask_colleague=consult.AskColleague(uow, router, clock),
        transfer_to_colleague=consult.TransferToColleague(uow, router, clock),
        end_question=consult.EndQuestion(uow, router, clock),
        **_with_checklists(uow, clock),
        practice=Practice.make(uow, router, clock),
        add_note=notes.AddNote(uow, clock),
        save_draft=notes.SaveDraft(uow, clock),
        beat=work_case.BeatCase(uow, clock),
        reply=reply.ReplyCase(uow, replies, clock),
        close=close_case.CloseCase(uow, replies, clock),
        reopen=reopen.ReopenCase(uow, clock, settings.reopen_days),
        deeds=CaseDeeds.make(uow, clock),
        **_handing_over(settings, uow, replies, clock),
        follow_contacts=_follow_contacts(settings, uow, letters, clock),
        follow_routing=FollowRouting(uow, clock, settings.reopen_days),
        follow_load=FollowLoad(uow),
        read_alarms=ReadAlarms(uow),
        catch_up=reindex.CatchUp(uow),
        checklists=Checklists.make(uow, letters, clock),
        incidents=Incidents.make(uow, replies, clock),
        **_units(uow, clock),
        send_mail=SendMail(uow, _mail_server(settings), clock, _originals(settings)),
        read_status=outside.ReadStatus(uow, _status_links(settings), clock),
        open_unit_link=outside.OpenUnitLink(uow, letters.unit_links, clock),
        send_webhooks=SendWebhooks(uow, Webhooks(), functools.partial(webhook_key, settings), clock),
        outgoing=_outgoing(settings, uow, clock),
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What lives as long as the process."""

    engine: AsyncEngine
    publisher: Publisher
    inflow: Inflow
    background: Background
    casework: Casework
    bell: Bell
    dead_letters: DeadLetters

    async def start(self) -> None:
        """Connect, relay, read, and run the loops."""
        await self.publisher.start()
        await self.background.start()
        await self.inflow.start()

    async def stop(self) -> None:
        """Stop reading first, then the loops, then what they stand on."""
        await self.inflow.stop()
        await self.background.stop()
        await self.publisher.stop()
        await self.casework.router.close()
        await self.casework.outgoing.close()
        await self.casework.send_webhooks.channel.close()
        await self.engine.dispose()


def make_dead_letters(settings: Settings, engine: AsyncEngine, publisher: Publisher) -> DeadLetters:
    """Return what an operator works with."""
    return DeadLetters(settings, "casework", publisher, SqlDecisions(engine, tables.dead_decisions))


def open_dead_letters(settings: Settings) -> AbstractAsyncContextManager[DeadLetters]:
    """Open the dead letters for a command."""
    return open_letters(settings, "casework", tables.dead_decisions)


def assemble(settings: Settings, health: Health) -> Parts:
    """Return everything, connected to nothing yet."""
    engine = database.make_engine(settings, "casework", pool=15)
    casework = build(settings, engine)
    publisher = Publisher(settings, "casework")
    inflow = Inflow(settings, "casework", publisher, health)
    consumers.register(inflow, casework.follow_contacts, casework.follow_routing, casework.follow_load)
    background = Background(health)
    background.add("relay", Relay(engine, tables.outbox, publisher).run)
    bell = Bell(engine)
    background.add("desks", bell.run)
    background.add("webhooks", functools.partial(clocks.send_webhooks, casework.send_webhooks))
    background.add("mail", functools.partial(clocks.send_mail, casework.send_mail))
    background.add("sms", functools.partial(clocks.send_sms, casework.outgoing.send_sms))
    background.add("deeds", functools.partial(clocks.tell_deeds, casework.outgoing.tell_deeds))
    background.add("incidents", functools.partial(clocks.answer_incidents, casework.incidents.answer_job))
    background.add("deliveries", functools.partial(clocks.deliver_handovers, casework.deliver_handovers))
    background.add("resumed", functools.partial(clocks.tell_resumed, casework.tell_resumed))
    background.add("search", functools.partial(clocks.catch_up, casework.catch_up))
    background.add("reminders", functools.partial(clocks.wake_parked, casework.deeds.wake))
    background.add("checklists", functools.partial(clocks.turn_checklists, casework.checklists))
    background.add("rereading", functools.partial(clocks.remind_owners, casework.checklists))
    background.add("practice", functools.partial(clocks.forget_practice, casework.practice))
    background.add("deadlines", functools.partial(clocks.watch_deadlines, casework.watch_deadlines))
    health.add("postgres", database.check(engine))
    health.add("kafka", publisher.check)
    dead_letters = make_dead_letters(settings, engine, publisher)
    return Parts(engine, publisher, inflow, background, casework, bell, dead_letters)
