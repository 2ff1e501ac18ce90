"""The loops of casework: mail goes out, broken promises are told."""

import asyncio

from services.casework.usecases.answer_incident import AnswerIncidents
from services.casework.usecases.checklists.group import Checklists
from services.casework.usecases.deliver_handovers import DeliverHandovers
from services.casework.usecases.park import WakeParked
from services.casework.usecases.practice.group import Practice
from services.casework.usecases.reindex import CatchUp
from services.casework.usecases.send_mail import SendMail
from services.casework.usecases.send_sms import SendSms
from services.casework.usecases.send_webhooks import SendWebhooks
from services.casework.usecases.tell_citizen import TellResumed
from services.casework.usecases.undo_deed import TellDeeds
from services.casework.usecases.watch_deadlines import WatchDeadlines

MAIL_SECONDS = 0.5
DEADLINE_SECONDS = 10.0
REMINDER_SECONDS = 5.0
SEARCH_SECONDS = 5.0
DELIVERY_SECONDS = 5.0
INCIDENT_SECONDS = 2.0
CHECKLIST_SECONDS = 5.0
REREAD_SECONDS = 600.0
PRACTICE_SECONDS = 3600.0


async def send_mail(job: SendMail) -> None:
    """Send what is due, for as long as the process lives."""
    while True:
        if not await job.run():
            await asyncio.sleep(MAIL_SECONDS)


async def send_sms(job: SendSms) -> None:
    """Send the SMS that are due, for as long as the process lives; nothing where there is no provider."""
    while job.channel is not None:
        if not await job.run():
            await asyncio.sleep(MAIL_SECONDS)
    await asyncio.Event().wait()


async def tell_deeds(job: TellDeeds) -> None:
    """Tell what can no longer be taken back, for as long as the process lives."""
    while True:
        if not await job.run():
            await asyncio.sleep(MAIL_SECONDS)


async def send_webhooks(job: SendWebhooks) -> None:
    """Tell the units' systems what has happened, for as long as the process lives."""
    while True:
        if not await job.run():
            await asyncio.sleep(MAIL_SECONDS)


async def watch_deadlines(job: WatchDeadlines) -> None:
    """Look for broken promises, for as long as the process lives."""
    while True:
        await job.run()
        await asyncio.sleep(DEADLINE_SECONDS)


async def answer_incidents(job: AnswerIncidents) -> None:
    """Carry out the answers to incidents that were ordered, for as long as the process lives."""
    while True:
        await job.run()
        await asyncio.sleep(INCIDENT_SECONDS)


async def tell_resumed(job: TellResumed) -> None:
    """Tell citizens whose answer's clock has run on, for as long as the process lives."""
    while True:
        if not await job.run():
            await asyncio.sleep(DELIVERY_SECONDS)


async def deliver_handovers(job: DeliverHandovers) -> None:
    """Deliver hand-overs at the times their units have picked, for as long as the process lives."""
    while True:
        if not await job.run():
            await asyncio.sleep(DELIVERY_SECONDS)


async def catch_up(job: CatchUp) -> None:
    """Index cases that nobody has indexed, for as long as the process lives."""
    await job.begin()
    while True:
        if not await job.run():
            await asyncio.sleep(SEARCH_SECONDS)


async def turn_checklists(job: Checklists) -> None:
    """Publish what has come to its day and end what nobody approved, for as long as the process lives."""
    while True:
        if not await job.turn.run():
            await asyncio.sleep(CHECKLIST_SECONDS)


async def remind_owners(job: Checklists) -> None:
    """Tell owners what is to be read again, for as long as the process lives."""
    while True:
        await job.remind.run()
        await asyncio.sleep(REREAD_SECONDS)


async def forget_practice(job: Practice) -> None:
    """Erase old runs of practice, for as long as the process lives."""
    while True:
        await job.forget.run()
        await asyncio.sleep(PRACTICE_SECONDS)


async def wake_parked(job: WakeParked) -> None:
    """Wake the cases whose reminder has come, for as long as the process lives."""
    while True:
        if not await job.run():
            await asyncio.sleep(REMINDER_SECONDS)
