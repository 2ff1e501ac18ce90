"""A rule table is checked whole against the catalogue, and published as the next version of the one it builds on."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog
from babel.localedata import locale_identifiers

from services.router.domain.rule_faults import Fault
from services.router.domain.rule_table import Known, RuleTableError, faults_of
from services.router.usecases.rulebook import Rulebook
from shared.catalogue import Catalogue
from shared.clock import Clock, utc_now
from shared.errors import ConflictError, KeyReusedError, NotFoundError
from shared.ids import natural_event_id
from shared.publish import Publisher, message
from shared.records import RulesRecord

_SHOWN_SECONDS = 5.0
_LOOK_SECONDS = 0.02

log = structlog.get_logger(__name__)


class RulesMovedError(ConflictError):
    """Another table is in force than the one that this builds on."""

    type = "rules-moved"
    title = (
        "Reglerna har ändrats sedan du läste dem: nu gäller version {version}. Läs in dem igen och gör om din ändring."
    )


class UnknownRulesError(NotFoundError):
    """No table was published under that version."""

    type = "unknown-rules"
    title = "Den versionen av reglerna finns inte."


class Claims(Protocol):
    """Who may publish a version number (`store.rule_claims.RuleClaims`)."""

    async def take(self, version: str, content: str) -> bool:
        """Say whether the number is this content's."""

    async def published_by(self, command_id: str) -> str | None:
        """Return the version that a command has published."""

    async def note(self, command_id: str, version: str) -> None:
        """Remember what a command has published."""


def known_names(catalogue: Catalogue) -> Known:
    """Return the names that rules may use now."""
    return Known(
        units=frozenset(unit.id for unit in catalogue.units()),
        entrances=frozenset(entrance.id for entrance in catalogue.entrances()),
        case_types=frozenset(case_type.id for case_type in catalogue.case_types()),
        checklists=frozenset(checklist.id for checklist in catalogue.checklists()),
        languages=frozenset(name for name in locale_identifiers() if "_" not in name),
    )


@dataclass(frozen=True, slots=True)
class CheckRules:
    """Says all that is wrong with a table; nothing is changed. A long one takes a second, beside the event loop."""

    known: Callable[[], Known]

    async def check(self, rows: Sequence[object]) -> list[Fault]:
        """Return every fault, by row."""
        return await asyncio.to_thread(faults_of, rows, self.known())


@dataclass(frozen=True, slots=True)
class PublishRules:
    """Publishes a table that is without fault and builds on the one in force; the same again changes nothing."""

    book: Rulebook
    publisher: Publisher
    claims: Claims
    check: CheckRules
    clock: Clock = utc_now

    async def publish(
        self, rows: Sequence[object], *, based_on: str, by: str, reason: str, command_id: str = ""
    ) -> RulesRecord:
        """Return the new version, in force here; RuleTableError with all faults, RulesMovedError, KeyReusedError.

        The same `command_id` within a day is answered by what it has published.
        """
        earlier = await self.claims.published_by(command_id) if command_id else None
        if earlier is not None and (record := self.book.version(earlier)) is not None:
            if _digest(record) != _digest(self._record(rows, based_on=based_on, by=by, reason=reason)):
                raise KeyReusedError
            return record
        record = await self._publish(rows, based_on=based_on, by=by, reason=reason)
        if command_id:
            await self.claims.note(command_id, record.version)
        return record

    async def _publish(self, rows: Sequence[object], *, based_on: str, by: str, reason: str) -> RulesRecord:
        if faults := await self.check.check(rows):
            raise RuleTableError(faults)
        record = self._record(rows, based_on=based_on, by=by, reason=reason)
        if (now := self.book.in_force()).version != based_on:
            if _same(now, record):
                return now
            raise RulesMovedError(version=now.version)
        event_id = natural_event_id(record.event_type, record.version, _digest(record))
        if not await self.claims.take(record.version, event_id):
            raise RulesMovedError(version=record.version)
        await self.publisher.publish(message(record, event_id=event_id))
        await self._shown(record)
        log.info("rules_published", version=record.version, by=by)
        return record

    def _record(self, rows: Sequence[object], *, based_on: str, by: str, reason: str) -> RulesRecord:
        rules = tuple(dict(row) for row in rows if isinstance(row, Mapping))
        numbers = [int(each.version) for each in self.book.versions() if each.version.isdigit()]
        return RulesRecord(
            version=f"{max(numbers, default=0) + 1:06}",
            rules=rules,
            published_at=self.clock(),
            by=by,
            reason=reason,
            based_on=based_on,
        )

    async def _shown(self, record: RulesRecord) -> None:
        """Return when this process has read the table back; it holds all the same when that takes long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_SHOWN_SECONDS):
                while self.book.version(record.version) is None:  # noqa: ASYNC110 - a table tells one listener alone
                    await asyncio.sleep(_LOOK_SECONDS)


def _same(there: RulesRecord, new: RulesRecord) -> bool:
    return there.based_on == new.based_on and _digest(there) == _digest(new)


def _digest(record: RulesRecord) -> str:
    said = json.dumps([record.rules, record.based_on, record.by, record.reason], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
