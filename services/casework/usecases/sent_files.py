"""Fetching a file that went out with a reply, or is in one's own draft: always a download."""

from collections.abc import Callable
from dataclasses import dataclass

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.disclosure import disclosed
from services.casework.usecases.protection import protects
from services.casework.usecases.read_files import FileView
from services.casework.usecases.reply import files_of_draft
from shared.errors import NotFoundError
from shared.originals import Originals
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class ReadSentFile:
    """Fetch a file of our own for somebody who may read the case; NotFoundError for everybody else."""

    uow: UnitOfWork
    originals: Callable[[], Originals]

    async def run(self, number: str, file_id: str, person: Person) -> FileView:
        """Return the file, as octets whatever it says it is: nothing opens it by itself."""
        async with self.uow.read() as work:
            case = await work.reads.case(number, visible_units(person))
            found = await files_of_draft(work, case["id"], person.id)
            closed = protects(case, person) or await disclosed(work, [case], person)
            sent = [] if closed else await work.texts.messages_of(case["id"])
            for message in sent:
                found += message["attachments"]
        file = next((one for one in found if one["id"] == file_id), None)
        if file is None:
            raise NotFoundError
        return FileView(file["name"], "application/octet-stream", await self.originals().get(file["store_key"]))
