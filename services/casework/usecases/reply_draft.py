"""A reply that is being written: its words and files are kept on the server as she goes, templates fill it in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from services.casework.domain.case import Case
from services.casework.domain.outgoing import LATELY
from services.casework.domain.template import fill, most_specific
from services.casework.mail import greeted, when
from services.casework.store.sql import Row
from services.casework.store.texts import REPLY, REPLY_FILES
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.protection import hold, protects, protects_case
from services.casework.usecases.reply import files_of_draft, sender_of
from services.casework.usecases.work_case import LONGEST_TEXT
from shared.clamd import Clamd
from shared.clock import Clock
from shared.errors import DomainError, NotFoundError
from shared.ids import new_id
from shared.originals import Originals, safe_name
from shared.vocabulary import CaseState
from shared.web.access import Person, visible_units

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_ALL = 10 * 1024 * 1024
"""Bytes; base64 makes a third more of them, and many mailboxes take no more than 20 MB."""
MOST_FILES = 10
LATE = timedelta(seconds=30)
"""How long after a reply its draft may still be on its way."""


class FileTooLargeError(DomainError):
    """A file is larger than a mail of ours carries."""

    type = "file-too-large"
    status = 422
    title = "{name} är för stor. En fil får vara högst 5 MB, alla tillsammans högst 10 MB."


class TooManyFilesError(DomainError):
    """More files than a mail of ours carries."""

    type = "too-many-files"
    status = 422
    title = "Högst 10 filer kan följa med ett svar."


class EmptyFileError(DomainError):
    """A file holds nothing."""

    type = "empty-file"
    status = 422
    title = "{name} är tom."


class MaliciousFileError(DomainError):
    """The virus scanner knows the file."""

    type = "file-infected"
    status = 422
    title = "{name} innehåller skadlig kod och kan inte följa med."


class UncheckedFileError(DomainError):
    """The virus scanner gives no verdict on the file now."""

    type = "file-not-scanned"
    status = 422
    title = "{name} gick inte att viruskontrollera. Försök igen om en stund."


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of a reply."""

    id: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template that fits a case, with its fields filled in."""

    id: str
    name: str
    kind: str
    language: str
    unit: str | None
    case_type: str | None
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class DraftView:
    """What she has written and not sent, its files, and what she can write from."""

    text: str
    saved_at: datetime | None
    files: tuple[FileView, ...]
    templates: tuple[TemplateView, ...]
    other: Row | None
    """A colleague's answer of the last minutes."""
    other_name: str = ""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a reply needs besides words: which templates fit, and what their fields are."""

    clock: Clock

    async def templates(self, work: Work, case: Case, person: Person, kind: str) -> tuple[TemplateView, ...]:
        """Return the templates that fit, filled in, most specific first; Swedish ones when none is in the language."""
        row = await work.reads.case(case.number, visible_units(person))
        fitting = await work.templates.fitting(kind, case.unit, case.case_type)
        same = [one for one in fitting if one["language"] == row["language"]]
        chosen = same or [one for one in fitting if one["language"] == "sv"]
        if not chosen:
            return ()
        values = await self._values(work, case, row, person, chosen[0]["language"])
        return tuple(_view(one, values) for one in most_specific(chosen))

    async def _values(self, work: Work, case: Case, row: Row, person: Person, language: str) -> dict[str, str]:
        """Return what the fields stand for; what the case does not know is empty."""
        contacts = [one for one in await work.contacts.of_case(case.id) if not one["purged_at"]]
        unit, run = await work.catalogue.unit(case.unit), await work.runs.of(case)
        kind = await work.catalogue.case_type(case.case_type) if case.case_type else None
        handed = await work.handovers.of_case(case.id) if case.state is CaseState.HANDED_OVER else []
        due = handed[-1]["answer_by"] if handed else row["due_at"]
        return {
            **(run.checklist.params if run else {}),
            "namn": "" if row["anonymous"] or protects(row, person) else _name(contacts),
            "ärendenummer": case.number,
            "handläggare": person.name,
            "svar_senast": when(due, language) if due else "",
            "enhet": str(unit["name"]) if unit else "",
            "fråga": kind["path"][-1] if kind else "",
            "avsändare": (await sender_of(work, case.unit, case.entrance)).name,
        }


def _name(contacts: Sequence[Row]) -> str:
    """Return what the citizen is greeted by: what is no name is left to the agent to fill in."""
    return next(filter(None, (greeted(one["sender_name"]) for one in reversed(contacts))), "")


def _seen(other: Row, *, quiet: bool) -> Row:
    """Return a colleague's answer, as it was sent; of one to a citizen who is hidden only that it was sent."""
    return {**{name: other[name] for name in ("id", "author", "at")}, "body": ""} if quiet else other


def _view(row: Row, values: Mapping[str, str]) -> TemplateView:
    names = ("id", "name", "kind", "language", "unit", "case_type", "subject")
    return TemplateView(**{name: row[name] for name in names}, body=fill(row["body"], values))


def file_views(files: Sequence[Mapping[str, Any]]) -> tuple[FileView, ...]:
    """Return files as pages show them."""
    return tuple(FileView(one["id"], one["name"], one["size"]) for one in files)


@dataclass(frozen=True, slots=True)
class ReadReplyDraft:
    """Read what she has written and not sent."""

    uow: UnitOfWork
    drafted: Drafted

    async def run(self, number: str, person: Person, kind: str = "reply") -> DraftView:
        """Return her draft and the templates of a kind (`reply`, `sms`)."""
        async with self.uow.begin() as work:
            case = await work.cases.lock(number, visible_units(person))
            draft = await work.texts.draft(case.id, person.id, REPLY)
            other = await work.sending.by_another(case.id, person.id, self.drafted.clock() - LATELY)
            wrote = await work.catalogue.person(other["author"]) if other else None
            return DraftView(
                text=draft["body"] if draft else "",
                saved_at=draft["saved_at"] if draft else None,
                files=file_views(await files_of_draft(work, case.id, person.id)),
                templates=await self.drafted.templates(work, case, person, kind),
                other=_seen(other, quiet=protects_case(case, person)) if other else None,
                other_name=wrote["name"] if wrote else (other["author"] if other else ""),
            )


@dataclass(frozen=True, slots=True)
class SaveReplyDraft:
    """Keep what she types as a reply, so that nothing typed is ever lost."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, text: str) -> datetime | None:
        """Save it; an empty one is forgotten, and one that its own sending overtook. Returns when it was saved."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            now = self.clock()
            if not text.strip() or await work.sending.says(case.id, person.id, text.strip(), now - LATE):
                await work.texts.drop_draft(case.id, person.id, REPLY)
                return None
            await work.texts.save_draft(case.id, person.id, text.replace("\x00", "")[:LONGEST_TEXT], now, REPLY)
            return now


@dataclass(frozen=True, slots=True)
class AttachFile:
    """Put a file to the reply that she writes, and take one away; the bytes lie with those of the case's contact."""

    uow: UnitOfWork
    originals: Callable[[], Originals]
    clock: Clock
    scanner: Clamd | None = None
    """None where files are not scanned."""

    async def run(self, number: str, person: Person, name: str, content_type: str, data: bytes) -> None:
        """Attach a file under its name; a DomainError when it is empty, not clean or more than a mail carries."""
        shown = name.replace("\\", "/").rsplit("/", 1)[-1].strip()[:200] or "fil"
        if not data:
            raise EmptyFileError(name=shown)
        if len(data) > LARGEST_FILE:
            raise FileTooLargeError(name=shown)
        await self._scan(shown, data)
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            files = await files_of_draft(work, case.id, person.id)
            if len(files) >= MOST_FILES:
                raise TooManyFilesError
            if sum(one["size"] for one in files) + len(data) > LARGEST_ALL:
                raise FileTooLargeError(name=shown)
            file_id = new_id()
            key = f"{case.contact_id}/replies/{file_id}/{safe_name(shown) or 'fil'}"
            await self.originals().put(key, data, content_type=content_type)
            kept = {"id": file_id, "name": shown, "content_type": content_type, "size": len(data), "store_key": key}
            await self._write(work, case, person, [*files, kept])

    async def remove(self, number: str, person: Person, file_id: str) -> None:
        """Take a file away for good; NotFoundError when it is not in her draft."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            files = await files_of_draft(work, case.id, person.id)
            gone = [one for one in files if one["id"] == file_id]
            if not gone:
                raise NotFoundError
            await self._write(work, case, person, [one for one in files if one["id"] != file_id])
        await self.originals().delete(gone[0]["store_key"].rsplit("/", 1)[0])

    async def _scan(self, name: str, data: bytes) -> None:
        match (await self.scanner.scan(data)).scan if self.scanner else "clean":
            case "infected":
                raise MaliciousFileError(name=name)
            case "failed":
                raise UncheckedFileError(name=name)
            case _:
                return

    async def _write(self, work: Work, case: Case, person: Person, files: Sequence[Mapping[str, Any]]) -> None:
        if not files:
            await work.texts.drop_draft(case.id, person.id, REPLY_FILES)
            return
        listed = orjson.dumps(list(files)).decode()
        await work.texts.save_draft(case.id, person.id, listed, self.clock(), REPLY_FILES)
