"""What lies in a mailbox, seen over a connection of its own beside the one that takes mails in; blocking, as that."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from imap_tools.consts import SHORT_MONTH_NAMES

from services.intake.channels.imap_bounds import HELD, bounded
from services.intake.channels.imap_errors import ServerError
from services.intake.channels.mailbox import Account, Found, Mailbox
from services.intake.domain.outcome import swedish_day
from services.intake.domain.reconciliation import Inbox, Lying, Processed, mark_of

PAGE = 300
"""Mails that are asked about in one go."""
PAGE_BYTES = 20_000_000
"""Bytes of mails that are in memory at once; a mail that is larger comes alone."""

PATIENCE = 6
"""How many of the socket's timeouts a command may take."""

T = TypeVar("T")
HashOf = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Counted:
    """Both folders of a mailbox: all that lies in the inbox, and the processed since a day."""

    inbox: Inbox
    processed: Processed


class Census:
    """Looks into the folders of one mailbox; called by `bounded`, a server holds nobody for long."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._known = _none(0)

    async def bounded(self, work: Callable[[], T]) -> T:
        """Do blocking work of ours in a thread, no command of it for long; raises what a mail server raises only."""
        return await bounded(self.account.timeout * PATIENCE, work)

    def take(self, since: date, hash_of: HashOf) -> Counted:
        """Count both folders; marks that are known from before are not asked for again."""
        with self._open("") as (box, validity):
            inbox = Inbox(validity, frozenset(box.numbers()))
            if box.folder_problem:
                return Counted(inbox, _none(0))
        with self._open(self.account.processed) as (box, validity):
            self._known = self._processed(box, validity, since, hash_of)
            return Counted(inbox, self._known)

    def times(self, uidvalidity: int, uids: Sequence[int]) -> list[Lying]:
        """Return when mails of the inbox came; of one that is gone nothing. ServerError under another UIDVALIDITY."""
        if not uids:
            return []
        with self._open("") as (box, validity):
            if validity != uidvalidity:
                raise ServerError("the folder was renumbered while it was counted")
            return [Lying(one.uid, one.internal_at) for one in box.listed(uids)]

    def _processed(self, box: "_Folders", validity: int, since: date, hash_of: HashOf) -> Processed:
        """Read page by page: the time of each mail, and the header of those that were not seen before."""
        found = _none(validity)
        for page in _pages(box.numbers(since)):
            wanted = [one.uid for one in box.about(page) if one.internal_at is None or _day(one) >= since]
            marks = {uid: mark for uid in wanted if (mark := self._mark(validity, uid)) is not None}
            heads = box.fetch([uid for uid in wanted if uid not in marks], "BODY.PEEK[HEADER]")
            marks |= {uid: mark_of(hash_of(head)) for uid, head in heads.items()}
            found.uids.extend(sorted(marks))
            found.marks.extend(marks[uid] for uid in sorted(marks))
        return found

    def _mark(self, validity: int, uid: int) -> int | None:
        place = bisect_left(self._known.uids, uid)
        there = validity == self._known.uidvalidity and self._known.uids[place : place + 1] == array("q", [uid])
        return self._known.marks[place] if there else None

    def correct(self, uidvalidity: int, uid: int, hashed: str) -> None:
        """Remember the mark that only a whole mail could tell."""
        if self._mark(uidvalidity, uid) is not None:
            self._known.marks[bisect_left(self._known.uids, uid)] = mark_of(hashed)

    def fetch(
        self, folder: str, uidvalidity: int, uids: Sequence[int], limit: int
    ) -> Mapping[int, tuple[bytes, Found]]:
        """Return mails of a folder (empty: the inbox) with what is known of each; see `read`."""
        return dict(self.read(folder, uidvalidity, uids, limit, lambda raw, found: (found.uid, (raw, found))))

    def read(
        self, folder: str, uidvalidity: int, uids: Sequence[int], limit: int, make: Callable[[bytes, Found], T]
    ) -> list[T]:
        """Return what `make` makes of each mail of a folder (empty: the inbox); nothing under another UIDVALIDITY.

        Of a mail above `limit` bytes only the header is read, and of the others no more at once than memory is for.
        """
        with self._open(folder) as (box, validity):
            if validity != uidvalidity:
                return []
            made: list[T] = []
            for page in _by_bytes(list(box.listed(uids)), limit):
                box.weight = sum(min(one.size, limit) for one in page)
                data = box.fetch([one.uid for one in page if one.size <= limit])
                data |= box.fetch([one.uid for one in page if one.size > limit], "BODY.PEEK[HEADER]")
                made += [make(data.pop(one.uid), one) for one in page if one.uid in data]
            return made

    def move(self, uidvalidity: int, uid: int) -> bool:
        """Move a mail from the inbox to the processed; return whether it still lay there under that number."""
        with self._open("") as (box, validity):
            if validity != uidvalidity or not list(box.about([uid])):
                return False
            box.move([uid])
            return True

    @contextmanager
    def _open(self, folder: str) -> Iterator[tuple["_Folders", int]]:
        box = _Folders(self.account)
        box.begin()
        try:
            yield box, box.open(folder)
        finally:
            box.close()


class _Folders(Mailbox):
    """A mailbox that says all that lies in a folder, page by page; every command of it is bounded."""

    weight = 0
    """About how many bytes the next answers have."""

    def begin(self) -> None:
        """Begin to wait for the server; TimeoutError when nobody waits for us any more."""
        held = HELD.get()
        if held is not None:
            held.step(self, self.weight)

    def _ask(self, command: str, *words: str | bytes) -> list[Any]:
        self.begin()
        return super()._ask(command, *words)

    def numbers(self, since: date | None = None) -> list[int]:
        """Return the mails that came since a day, and one day more: servers count days by clocks of their own."""
        if since is None:
            return self._search("UNDELETED")
        first = since - timedelta(days=1)
        return self._search("UNDELETED", "SINCE", f"{first.day}-{SHORT_MONTH_NAMES[first.month - 1]}-{first.year}")

    def listed(self, uids: Sequence[int]) -> Iterator[Found]:
        """Yield what is known of mails, page by page; of one that is gone nothing."""
        for page in _pages(uids):
            yield from self.about(page)

    def about(self, uids: Sequence[int]) -> Iterator[Found]:
        """Yield what is known of a page of mails."""
        return self._sizes(uids, ())


def _none(uidvalidity: int) -> Processed:
    return Processed(uidvalidity, array("q"), array("q"))


def _day(found: Found) -> date:
    return swedish_day(found.internal_at) if found.internal_at else date.max


def _by_bytes(mails: Sequence[Found], limit: int) -> Iterator[Sequence[Found]]:
    page: list[Found] = []
    size = 0
    for one in mails:
        weight = min(one.size, limit)
        if page and size + weight > PAGE_BYTES:
            yield page
            page, size = [], 0
        page.append(one)
        size += weight
    if page:
        yield page


def _pages(uids: Sequence[int], size: int = PAGE) -> Iterator[Sequence[int]]:
    return (uids[start : start + size] for start in range(0, len(uids), size))
