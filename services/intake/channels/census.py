"""What lies in a mailbox, seen over a connection of its own beside the one that takes mails in; blocking, as that."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from imap_tools.consts import SHORT_MONTH_NAMES

from services.intake.channels.mailbox import Account, Found, Mailbox
from services.intake.domain.reconciliation import Folder, Lying

PAGE = 300
"""Mails that are asked about in one go."""

HashOf = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Counted:
    """Both folders of a mailbox: all that lies in the inbox, and the processed since a day with their hashes."""

    inbox: Folder
    processed: Folder


class Census:
    """Looks into the folders of one mailbox; every wait is bounded by the socket's timeout."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._hashes: dict[tuple[int, int], str] = {}

    def take(self, since: date, hash_of: HashOf) -> Counted:
        """Count both folders; hashes that are known from before are not asked for again."""
        with self._open("") as (box, validity):
            inbox = Folder(validity, tuple(Lying(one.uid, one.internal_at) for one in box.listed()))
            if box.folder_problem:
                return Counted(inbox, Folder(0, ()))
        with self._open(self.account.processed) as (box, validity):
            found = list(box.listed(since))
            self._learn(box, validity, [one.uid for one in found], hash_of)
            told = ((one, self._hashes.get((validity, one.uid))) for one in found)
            mails = tuple(Lying(one.uid, one.internal_at, hashed) for one, hashed in told if hashed is not None)
            return Counted(inbox, Folder(validity, mails))

    def correct(self, uidvalidity: int, uid: int, hashed: str) -> None:
        """Remember the hash that only a whole mail could tell."""
        self._hashes[uidvalidity, uid] = hashed

    def _learn(self, box: "_Folders", validity: int, uids: Sequence[int], hash_of: HashOf) -> None:
        """Ask for the headers that were not seen before, and forget those that are of no interest any more."""
        kept = {(validity, uid) for uid in uids}
        self._hashes = {place: hashed for place, hashed in self._hashes.items() if place in kept}
        new = [uid for uid in uids if (validity, uid) not in self._hashes]
        for page in _pages(new):
            heads = box.fetch(page, "BODY.PEEK[HEADER]")
            self._hashes |= {(validity, uid): hash_of(head) for uid, head in heads.items()}

    def fetch(
        self, folder: str, uidvalidity: int, uids: Sequence[int], limit: int
    ) -> Mapping[int, tuple[bytes, Found]]:
        """Return mails of a folder (empty: the inbox) with what is known of each; none under another UIDVALIDITY.

        Of a mail above `limit` bytes only the header is returned.
        """
        with self._open(folder) as (box, validity):
            if validity != uidvalidity:
                return {}
            found = {one.uid: one for page in _pages(uids) for one in box.about(page)}
            data: dict[int, bytes] = {}
            for page in _pages(list(found), 20):
                data |= box.fetch([uid for uid in page if found[uid].size <= limit])
                data |= box.fetch([uid for uid in page if found[uid].size > limit], "BODY.PEEK[HEADER]")
            return {uid: (raw, found[uid]) for uid, raw in data.items() if uid in found}

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
        try:
            yield box, box.open(folder)
        finally:
            box.close()


class _Folders(Mailbox):
    """A mailbox that says all that lies in a folder, page by page."""

    def listed(self, since: date | None = None) -> Iterator[Found]:
        """Yield the mails that came since a day, and one day more: servers count days by clocks of their own."""
        words: tuple[str, ...] = ("UNDELETED",)
        if since is not None:
            first = since - timedelta(days=1)
            words = ("UNDELETED", "SINCE", f"{first.day}-{SHORT_MONTH_NAMES[first.month - 1]}-{first.year}")
        for page in _pages(self._search(*words)):
            yield from self._sizes(page, ())

    def about(self, uids: Sequence[int]) -> Iterator[Found]:
        """Yield what is known of mails; of one that is gone nothing."""
        return self._sizes(uids, ())


def _pages(uids: Sequence[int], size: int = PAGE) -> Iterator[Sequence[int]]:
    return (uids[start : start + size] for start in range(0, len(uids), size))
