"""The published rule table in force: the newest version that can be read; the first one is ours."""

from dataclasses import dataclass, field

import structlog

from services.router.domain.rule_table import FIRST_TABLE, RuleTableError, compile_table
from services.router.domain.rules import RuleTable
from shared.clock import Clock, utc_now
from shared.ids import natural_event_id
from shared.publish import Publisher, message
from shared.records import RulesRecord
from shared.table import Table

FIRST_VERSION = "000001"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Rulebook:
    """Reads the whole table `rules`; versions sort as text, the last is in force."""

    table: Table
    publisher: Publisher
    clock: Clock = utc_now
    _read: int = field(default=-1, init=False)
    _versions: list[RulesRecord] = field(default_factory=list, init=False)
    _current: RuleTable = field(default_factory=lambda: compile_table("built-in", FIRST_TABLE), init=False)

    async def open(self) -> None:
        """Publish the first table where none has ever been published; several routers may do so at once."""
        if self.versions():
            return
        first = RulesRecord(version=FIRST_VERSION, rules=FIRST_TABLE, published_at=self.clock())
        await self.publisher.publish(message(first, event_id=natural_event_id(first.event_type, FIRST_VERSION)))
        log.info("rules_published", version=FIRST_VERSION)

    def current(self) -> RuleTable:
        """Return the table in force; a newer one that cannot be read is logged and passed over."""
        if self.table.version != self._read:
            self._read = self.table.version
            versions = self.versions()
            if versions != self._versions:
                self._versions = versions
                self._current = _newest(versions) or self._current
        return self._current

    def versions(self) -> list[RulesRecord]:
        """Return every published table, newest first."""
        records = [record for record in self.table.values() if isinstance(record, RulesRecord)]
        return sorted(records, key=lambda each: each.version, reverse=True)

    def version(self, name: str) -> RulesRecord | None:
        """Return a published table."""
        found = self.table.get(name)
        return found if isinstance(found, RulesRecord) else None

    def in_force(self) -> RulesRecord:
        """Return the table in force as it was published."""
        name = self.current().version
        return self.version(name) or RulesRecord(version=name, rules=FIRST_TABLE, published_at=self.clock())


def _newest(versions: list[RulesRecord]) -> RuleTable | None:
    for record in versions:
        try:
            return compile_table(record.version, record.rules)
        except RuleTableError as error:
            log.error("rules_refused", version=record.version, errors=error.errors)  # noqa: TRY400 - no stack needed
    return None
