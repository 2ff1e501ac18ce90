"""Builds the objects of casework from its settings; nothing is connected before `start`."""

import functools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.casework import consumers
from services.casework.jobs import clocks
from services.casework.mail import Letters, MailServer
from services.casework.router_client import RouterClient
from services.casework.settings import Settings
from services.casework.store import tables
from services.casework.store.bell import Bell
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import (
    accept_offer,
    close_case,
    consult,
    finish_contact,
    hand_over,
    pass_on,
    read_cases,
    read_catalogue,
    read_files,
    read_hours,
    read_inbox,
    receive_handover,
    reply,
    take_over,
    watch_deadlines,
    work_case,
)
from services.casework.usecases.casework import Casework
from services.casework.usecases.follow_contacts import FollowContacts
from services.casework.usecases.follow_load import FollowLoad, ReadAlarms
from services.casework.usecases.follow_routing import FollowRouting
from services.casework.usecases.receipts import SendReceipts
from services.casework.usecases.send_mail import SendMail
from shared import database
from shared.background import Background
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
        settings.key_for("thread"), settings.mail_domain, settings.outside, frozenset({settings.mail_from.lower()})
    )
    return letters, reply.Replies(letters)


def _originals(settings: Settings) -> Callable[[], Originals]:
    return functools.cache(functools.partial(Originals, settings.originals))


def _router(settings: Settings) -> RouterClient:
    return RouterClient(settings.router_url, settings.machine_token.get_secret_value())


def _mail_server(settings: Settings) -> Callable[[], MailServer]:
    return functools.partial(MailServer, settings.smtp_host, settings.smtp_port, settings.mail_from)


def build(settings: Settings, engine: AsyncEngine, clock: Clock = utc_now) -> Casework:
    """Return the use cases on a database."""
    uow = UnitOfWork(engine)
    (letters, replies), router = _letters(settings), _router(settings)
    return Casework(
        router=router,
        read_case=read_cases.ReadCase(uow, clock),
        list_cases=read_cases.ListCases(uow),
        read_desk=read_cases.ReadDesk(uow, clock),
        read_inbox=read_inbox.ReadInbox(uow, clock),
        read_colleagues=read_inbox.ReadColleagues(uow, clock),
        read_deeds=read_inbox.ReadDeeds(uow),
        read_handover=read_cases.ReadHandover(uow, clock),
        read_question=consult.ReadQuestion(uow),
        read_file=read_files.ReadFile(uow, _originals(settings)),
        read_catalogue=read_catalogue.ReadCatalogue(uow),
        read_people=read_catalogue.ReadPeople(uow),
        accept_offer=accept_offer.AcceptOffer(uow, router, clock),
        finish_contact=finish_contact.FinishContact(uow, router, clock),
        pass_on=pass_on.PassOn(uow, router, clock),
        promise_return_call=pass_on.PromiseReturnCall(uow, router, clock),
        invite_officer=pass_on.InviteOfficer(uow, router),
        ask_colleague=consult.AskColleague(uow, router, clock),
        transfer_to_colleague=consult.TransferToColleague(uow, router, clock),
        end_question=consult.EndQuestion(uow, router, clock),
        classify=work_case.ClassifyCase(uow, clock),
        do_step=work_case.DoStep(uow, clock),
        step_back=work_case.StepBack(uow, clock),
        add_note=work_case.AddNote(uow, clock),
        save_draft=work_case.SaveDraft(uow, clock),
        beat=work_case.BeatCase(uow, clock),
        report_gap=work_case.ReportGap(uow, clock),
        reply=reply.ReplyCase(uow, replies, clock),
        close=close_case.CloseCase(uow, replies, clock),
        reopen=work_case.ReopenCase(uow, clock),
        preview_handover=hand_over.PreviewHandover(uow, clock),
        hand_over=hand_over.HandOver(uow, letters, clock),
        acknowledge=receive_handover.AcknowledgeHandover(uow, clock),
        progress=receive_handover.ProgressHandover(uow, clock),
        reassign=receive_handover.ReassignHandover(uow, letters, clock),
        send_back=receive_handover.ReturnHandover(uow, clock),
        answer=receive_handover.AnswerHandover(uow, replies, clock),
        follow_contacts=FollowContacts(uow, SendReceipts(letters, settings.key_for("receipts")), clock),
        follow_routing=FollowRouting(uow, clock),
        follow_load=FollowLoad(uow),
        read_alarms=ReadAlarms(uow),
        read_hours=read_hours.ReadHours(uow, clock),
        read_takeovers=take_over.ReadTakeovers(uow, clock),
        take_over=take_over.TakeOver(uow, clock),
        send_mail=SendMail(uow, _mail_server(settings), clock),
        watch_deadlines=watch_deadlines.WatchDeadlines(uow, clock),
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
    background.add("mail", functools.partial(clocks.send_mail, casework.send_mail))
    background.add("deadlines", functools.partial(clocks.watch_deadlines, casework.watch_deadlines))
    health.add("postgres", database.check(engine))
    health.add("kafka", publisher.check)
    dead_letters = make_dead_letters(settings, engine, publisher)
    return Parts(engine, publisher, inflow, background, casework, bell, dead_letters)
