"""Compare a mailbox with the ledger: every mail seen has exactly one outcome, or it is named as a difference."""

from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from services.intake.channels.census import Census, Counted
from services.intake.channels.imap_errors import words
from services.intake.channels.mailbox import Found
from services.intake.domain import reconciliation
from services.intake.domain.outcome import Entry, swedish_day
from services.intake.domain.reconciliation import Difference, Kind, mark_of
from services.intake.store.checks import Check, Checks
from services.intake.store.ledger import Ledger
from services.intake.usecases.receive_mail import Known
from services.intake.usecases.understand_mail import RawMail, UnderstandMail, hash_of
from shared.clock import Clock
from shared.metrics import MAIL_CHECKED, MAIL_DIFFERENCES

MOST = 5_000
"""Differences of a mailbox that are kept, and counted by day: what is more is the same trouble."""
READ_MOST = 500
"""Mails that a comparison reads whole; the next one reads those that follow."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReconcileMail:
    """Compare one mailbox, `days` back; writes down what it found."""

    census: Census
    ledger: Ledger
    checks: Checks
    seen: Known
    reader: UnderstandMail
    clock: Clock
    days: int = 7
    mail_limit: int = 50_000_000

    @property
    def mailbox(self) -> str:
        """The name of the mailbox."""
        return self.census.account.name

    async def once(self) -> list[Difference]:
        """Compare; return the differences. What keeps it from being done is written down, and raised."""
        began = self.clock()
        since = swedish_day(began) - timedelta(days=self.days)
        try:
            counted = await self.census.bounded(lambda: self.census.take(since, hash_of))
            differences = await self._compare(counted, since, began)
        except Exception as error:
            await self.checks.failed(self.mailbox, words(error), self.clock())
            raise
        found = differences[:MOST]
        inbox, processed = len(counted.inbox.uids), len(counted.processed.uids)
        await self.checks.write(Check(self.mailbox, self.clock(), since, inbox, processed), found)
        self._tell(differences)
        return found

    async def _compare(self, counted: Counted, since: date, began: datetime) -> list[Difference]:
        """Read the ledger after the folders, so that what was moved in between has its line."""
        earlier = since - timedelta(days=2)  # a mail whose server said no time is counted on the day we saw it
        tally = reconciliation.Tally(self.mailbox, counted.inbox, began)
        async with aclosing(self.ledger.pages(self.mailbox, earlier)) as pages:
            async for lines in pages:
                tally.add(lines, await self.seen.known([line.entry.contact_id for line in lines]))
        # Old mail is taken in after all other, however long it takes: until then it waits its turn.
        unlined, census = tally.without_line()[:MOST], self.census
        lying = await census.bounded(lambda: census.times(counted.inbox.uidvalidity, unlined))
        alone = tally.waiting(lying)
        waiting = [one for one in alone if not census.account.is_old(one.day)]
        if not alone:  # what waits, be it old, may be what has gone, under a new number
            await self.ledger.moved(tally.gone, self.clock())
        left = reconciliation.unmatched(counted.processed, tally.standing)
        return [
            *waiting,
            *tally.not_moved,
            *await self._look_closer(counted.processed.uidvalidity, left, tally.standing),
            *tally.not_published,
        ]

    async def _look_closer(self, uidvalidity: int, left: Sequence[int], standing: Counter[int]) -> list[Difference]:
        """Read the mails whose header told too little; those whose contact is known get their line."""
        unknown = await self._as_before(uidvalidity, left)
        told = {one.spot.uid for one in unknown}
        entries = await self._read(uidvalidity, [uid for uid in left if uid not in told][:READ_MOST])
        for one in entries:
            self.census.correct(uidvalidity, one.spot.uid, one.message_hash)
        lone = [one for one in entries if not _stands(one, standing)]
        known = await self.seen.known([one.contact_id for one in lone])
        adopted = [one for one in lone if one.contact_id in known]
        await self.ledger.write(adopted)
        await self.ledger.moved([one.spot for one in adopted], self.clock())
        return [*unknown, *(_unknown(one) for one in lone if one.contact_id not in known)]

    async def _as_before(self, uidvalidity: int, left: Sequence[int]) -> list[Difference]:
        """Return what the last comparison found already, unless its contact is known by now: it is not read again."""
        there = frozenset(left)
        found = [
            one for one in await self.checks.unknown(self.mailbox, self._folder, uidvalidity) if one.spot.uid in there
        ]
        known = await self.seen.known([one.contact_id for one in found if one.contact_id])
        return [one for one in found if one.contact_id and one.contact_id not in known]

    async def _read(self, uidvalidity: int, uids: Sequence[int]) -> list[Entry]:
        """Read mails, and keep of each no more than its line."""
        if not uids:
            return []
        census, fallback = self.census, self.census.account.entrance or self.census.account.address

        def line_of(data: bytes, found: Found) -> Entry:
            raw = RawMail(data, (), self.mailbox, uidvalidity, found.uid, found.internal_at, folder=self._folder)
            return self.reader.understand(raw, fallback).entry

        return await census.bounded(lambda: census.read(self._folder, uidvalidity, uids, self.mail_limit, line_of))

    @property
    def _folder(self) -> str:
        return self.census.account.processed

    def _tell(self, differences: Sequence[Difference]) -> None:
        part = self.census.account.part
        for kind in Kind:
            count = sum(one.kind is kind for one in differences)
            MAIL_DIFFERENCES.labels(part, kind).set(count)
        MAIL_CHECKED.labels(part).set_to_current_time()
        if differences:
            log.warning("mail_differs", mailbox=self.mailbox, count=len(differences))


def _stands(entry: Entry, standing: Counter[int]) -> bool:
    """Say whether a line stands for a mail, and take it away."""
    mark = mark_of(entry.message_hash)
    there = standing[mark] > 0
    standing[mark] -= there
    return there


def _unknown(entry: Entry) -> Difference:
    return Difference(Kind.UNKNOWN, entry.spot, entry.received_at, entry.contact_id)
