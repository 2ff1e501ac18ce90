"""A rule table is tried on the past before it is published: who would have gone elsewhere, and what waiting becomes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.router.domain.rehearsal_figures import Rehearsal
from services.router.domain.rule_table import RuleTableError
from services.router.domain.skills import Terms
from services.router.store.rehearsing import Asked, RehearsalTimeoutError
from services.router.usecases.publish_rules import CheckRules
from services.router.usecases.rulebook import Rulebook
from services.router.usecases.terms import terms_of
from shared.clock import Clock, utc_now
from shared.errors import ConflictError, DomainError
from shared.records import AgentProfile
from shared.table import Table

MOST_WEEKS = 52


class RehearsalRunningError(ConflictError):
    """One at a time: it takes a processor."""

    type = "rehearsal-running"
    title = "En provkörning pågår redan. Försök igen om någon minut."


class RehearsalTooLongError(DomainError):
    """It was not done within its deadline."""

    type = "rehearsal-too-long"
    status = 503
    title = "Provkörningen blev inte klar i tid. Välj färre veckor."


class Runs(Protocol):
    """Where it is computed (`store.rehearsing.Rehearsing`)."""

    async def run(self, asked: Asked) -> Rehearsal:
        """Return the answer."""


@dataclass(slots=True)
class Rehearse:
    """Changes nothing; the router goes on answering meanwhile."""

    check: CheckRules
    book: Rulebook
    agents: Callable[[], Mapping[str, Terms]]
    runs: Runs
    clock: Clock = utc_now
    _running: bool = field(default=False, init=False)

    async def rehearse(self, rows: Sequence[object], weeks: int) -> Rehearsal:
        """Return what the rows would have made of the last `weeks`; RuleTableError with all faults."""
        if faults := await self.check.check(rows):
            raise RuleTableError(faults)
        if self._running:
            raise RehearsalRunningError
        self._running = True
        tables = {record.version: record.rules for record in self.book.versions()}
        try:
            return await self.runs.run(Asked(rows, tables, self.agents(), weeks, self.clock()))
        except RehearsalTimeoutError as error:
            raise RehearsalTooLongError from error
        finally:
            self._running = False


def agents_of(table: Table) -> Mapping[str, Terms]:
    """Return the usual terms of every agent who works here now."""
    profiles = [record for record in table.values() if isinstance(record, AgentProfile)]
    return {agent.id: terms_of(agent) for agent in profiles if agent.active}
