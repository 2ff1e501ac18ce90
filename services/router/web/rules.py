"""The doors of the rule table: read what is in force and what was, have a table checked, publish it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field

from services.router.domain.rule_faults import Fault
from services.router.domain.rule_table import RuleTableError
from services.router.usecases.publish_rules import CheckRules, PublishRules, UnknownRulesError
from services.router.usecases.rulebook import Rulebook
from shared.errors import DomainError, FieldError
from shared.records import RulesRecord
from shared.web.access import Action, Person, requires
from shared.web.languages import choose_language

Command = Annotated[str, Header(alias="Idempotency-Key", max_length=100)]

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])


class RulesRefusedError(DomainError):
    """The table has faults; all of them stand in `errors`, each with the JSON pointer of its place."""

    type = "rules-refused"
    title = "Reglerna går inte att publicera. Inget har ändrats."


class Version(BaseModel):
    """A published table; the newest that can be read is in force. `by` is empty for the router's own first one."""

    version: str
    published_at: datetime
    by: str
    reason: str
    based_on: str | None


class RulesReply(Version):
    """A published table with its rules; docs/rules.md has their language."""

    rules: list[dict[str, Any]]


class InForceReply(RulesReply):
    """The table in force, and all that were published, newest first."""

    history: list[Version]


class RulesDraft(BaseModel):
    """A table to check."""

    rules: list[Any]


class RulesToPublish(RulesDraft):
    """A table to publish, the version that it builds on, and why; nothing personal in the reason."""

    based_on: str = Field(max_length=40)
    reason: str = Field(min_length=1, max_length=500)


class FaultReply(BaseModel):
    """One thing wrong: at which row (from 0) of which name, its code, and what it says in the reader's language."""

    row: int
    rule: str
    pointer: str
    code: str
    text: str


class FaultsReply(BaseModel):
    """All that would have the table refused; empty when it can be published."""

    items: list[FaultReply]
    next: str | None = None


@router.get("", dependencies=[requires(Action.SUPERVISE)])
async def in_force(request: Request) -> InForceReply:
    """Return the table in force, and the history."""
    book: Rulebook = request.app.state.rulebook
    history = [Version(**_version(record)) for record in book.versions()]
    now = book.in_force()
    return InForceReply(**_version(now), rules=list(now.rules), history=history)


@router.get("/{version}", dependencies=[requires(Action.SUPERVISE)])
async def one_version(version: str, request: Request) -> RulesReply:
    """Return a table as it was published."""
    book: Rulebook = request.app.state.rulebook
    record = book.version(version)
    if record is None:
        raise UnknownRulesError
    return _reply(record)


@router.post("/check", dependencies=[requires(Action.SUPERVISE)])
async def check(draft: RulesDraft, request: Request) -> FaultsReply:
    """Say all that is wrong with a table; nothing is changed."""
    use_case: CheckRules = request.app.state.check_rules
    language = choose_language(request)
    found = [
        FaultReply(
            row=fault.row,
            rule=fault.rule,
            pointer=f"/rules{fault.pointer}",
            code=fault.code,
            text=_text(fault, language),
        )
        for fault in await use_case.check(draft.rules)
    ]
    return FaultsReply(items=found)


@router.post("", status_code=201)
async def publish(
    table: RulesToPublish,
    request: Request,
    person: Annotated[Person, requires(Action.EDIT_RULES)],
    command_id: Command = "",
) -> RulesReply:
    """Publish a table as the next version; it is in force when this answers. 409 when another one is by now."""
    use_case: PublishRules = request.app.state.publish_rules
    try:
        record = await use_case.publish(
            table.rules, based_on=table.based_on, by=person.id, reason=table.reason, command_id=command_id
        )
    except RuleTableError as error:
        raise refused(error.faults, choose_language(request)) from error
    return _reply(record)


def refused(faults: Sequence[Fault], language: str) -> RulesRefusedError:
    """Return what tells of every fault of a table."""
    errors = [FieldError(f"/rules{fault.pointer}", f"{fault.rule}: {_text(fault, language)}") for fault in faults]
    return RulesRefusedError(errors=errors)


def _text(fault: Fault, language: str) -> str:
    return fault.english if language == "en" else fault.swedish


def _reply(record: RulesRecord) -> RulesReply:
    return RulesReply(**_version(record), rules=list(record.rules))


def _version(record: RulesRecord) -> dict[str, Any]:
    return record.model_dump(include=set(Version.model_fields))
