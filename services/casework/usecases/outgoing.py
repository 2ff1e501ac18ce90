"""What goes out to citizens besides the reply itself, as one part of casework."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from services.casework.channels.elks_sms import ElksSms
from services.casework.domain.outgoing import may_undo
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.reply_draft import AttachFile, Drafted, ReadReplyDraft, SaveReplyDraft
from services.casework.usecases.send_mail import ReadOutage
from services.casework.usecases.send_sms import SendSms
from services.casework.usecases.sent_files import ReadSentFile
from services.casework.usecases.sms_delivery import TakeDelivery
from services.casework.usecases.templates import ReadTemplates
from services.casework.usecases.text_citizen import ConfirmBySms
from services.casework.usecases.undo_deed import TellDeeds, UndoDeed
from services.casework.usecases.undo_reply import SendAgain, UndoReply
from shared.clock import Clock
from shared.originals import Originals


@dataclass(frozen=True, slots=True)
class SendingView:
    """What she has just done and can still take back: a reply, a close (`close`) or a hand-over (`hand_over`)."""

    reply_id: str
    """The reply's id, or the deed's."""
    number: str
    until: datetime
    kind: str = "reply"


@dataclass(frozen=True, slots=True)
class ReadSending:
    """What an agent has just sent and can still take back."""

    uow: UnitOfWork
    clock: Clock
    undo: timedelta

    async def run(self, agent_id: str) -> SendingView | None:
        """Return the latest."""
        now = self.clock()
        async with self.uow.read() as work:
            row = await work.sending.latest(agent_id, now - self.undo, now)
            deed = await work.undos.latest(agent_id, now)
        if deed is not None and (row is None or row["at"] <= deed["at"]):
            return SendingView(deed["id"], deed["number"], deed["until"], deed["kind"])
        if row is None or not may_undo(row["at"], now, self.undo):
            return None
        return SendingView(row["id"], row["number"], row["at"] + self.undo)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Drafts, templates, second thoughts, SMS, and how it stands with the mail server."""

    draft: ReadReplyDraft
    save_draft: SaveReplyDraft
    files: AttachFile
    sent_file: ReadSentFile
    templates: ReadTemplates
    sending: ReadSending
    undo: UndoReply
    undo_deed: UndoDeed
    tell_deeds: TellDeeds
    again: SendAgain
    confirm: ConfirmBySms
    send_sms: SendSms
    delivered: TakeDelivery
    outage: ReadOutage

    async def close(self) -> None:
        """Let go of the SMS provider."""
        if self.send_sms.channel is not None:
            await self.send_sms.channel.close()

    @classmethod
    def make(
        cls, uow: UnitOfWork, originals: Callable[[], Originals], sms: ElksSms | None, undo: timedelta, clock: Clock
    ) -> Self:
        """Build all of it; without `sms` nothing is sent by SMS."""
        drafted = Drafted(clock)
        return cls(
            draft=ReadReplyDraft(uow, drafted),
            save_draft=SaveReplyDraft(uow, clock),
            files=AttachFile(uow, originals, clock),
            sent_file=ReadSentFile(uow, originals),
            templates=ReadTemplates(uow, drafted),
            sending=ReadSending(uow, clock, undo),
            undo=UndoReply(uow, clock, undo),
            undo_deed=UndoDeed(uow, clock),
            tell_deeds=TellDeeds(uow, clock),
            again=SendAgain(uow, clock),
            confirm=ConfirmBySms(uow, clock, sms is not None),
            send_sms=SendSms(uow, sms, clock),
            delivered=TakeDelivery(uow, clock),
            outage=ReadOutage(uow, clock),
        )
