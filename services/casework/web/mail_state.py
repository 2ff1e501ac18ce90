"""Whether mail waits because the mail server is away: read now and then, said on every page that one works at."""

import asyncio
from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from services.casework.usecases.send_mail import ReadOutage
from shared.web.access import Action, Person, requires

router = APIRouter(include_in_schema=False)

Reader = Annotated[Person, requires(Action.READ_CASES)]
EVERY_SECONDS = 5.0
log = structlog.get_logger(__name__)


class MailOutage:
    """Since when mail has waited; None when it does not, and while nobody can say."""

    def __init__(self, read: ReadOutage, every: float = EVERY_SECONDS) -> None:
        self._read = read
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self.since: datetime | None = None

    async def look(self) -> None:
        """Look once."""
        try:
            self.since = await self._read.run()
        except (SQLAlchemyError, OSError) as error:
            log.warning("mail_outage_unknown", error=type(error).__name__)

    async def start(self) -> None:
        """Look now and then, until stopped."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._every)


@router.get("/mail-state")
async def mail_state(request: Request, person: Reader) -> Response:  # noqa: ARG001 - the guard
    """Show how it stands with the mail server."""
    part: Response = request.app.state.pages.render(request, "partials/mail_outage.html")
    return part
