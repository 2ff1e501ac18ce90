"""The loops of casework: mail goes out, broken promises are told."""

import asyncio

from services.casework.usecases.send_mail import SendMail
from services.casework.usecases.watch_deadlines import WatchDeadlines

MAIL_SECONDS = 0.5
DEADLINE_SECONDS = 10.0


async def send_mail(job: SendMail) -> None:
    """Send what is due, for as long as the process lives."""
    while True:
        if not await job.run():
            await asyncio.sleep(MAIL_SECONDS)


async def watch_deadlines(job: WatchDeadlines) -> None:
    """Look for broken promises, for as long as the process lives."""
    while True:
        await job.run()
        await asyncio.sleep(DEADLINE_SECONDS)
