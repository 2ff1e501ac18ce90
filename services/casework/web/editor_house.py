"""What every page of the editor begins with: the version that is meant, its case type, and the page that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request, Response

from services.casework.domain.checklist import Checklist
from services.casework.domain.lifecycle import IN_WORK, Act, Version, unready
from services.casework.usecases.checklists.group import Checklists
from services.casework.usecases.checklists.local_facts import Fact
from services.casework.usecases.checklists.reading import acts
from services.casework.web.editor_view import Sheet, placed
from services.casework.web.house import casework_of
from shared.clock import utc_now
from shared.errors import DomainError, NotFoundError
from shared.ids import new_id
from shared.records import CaseTypeRecord
from shared.web.access import Action, Person, allow, requires
from shared.web.languages import choose_language

Editor = Annotated[Person, requires(Action.EDIT_CHECKLISTS)]


class Said(dict[str, str]):
    """Fields by name; one that is not there is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def checklists_of(request: Request) -> Checklists:
    """Return the use cases of checklists."""
    return casework_of(request).checklists


@dataclass(frozen=True, slots=True)
class Shown:
    """A version that somebody looks at, with the others of its checklist (the newest first) and its unit's facts."""

    version: Version
    versions: tuple[Version, ...]
    case_type: CaseTypeRecord
    facts: tuple[Fact, ...]
    person: Person

    @property
    def live(self) -> Version | None:
        """The version that new runs begin with."""
        return next((one for one in self.versions if one.current), None)

    @property
    def may_begin(self) -> bool:
        """Whether she may begin a new version: nothing is in work."""
        working = any(one.phase in IN_WORK for one in self.versions)
        return not working and allow(self.person, Action.EDIT_CHECKLISTS, self.version.unit)

    @property
    def values(self) -> dict[str, str]:
        """The values of the local facts, as an agent would read them."""
        return {fact.name: fact.value or fact.fallback for fact in self.facts if fact.value or fact.fallback}

    def sheet(
        self, checklist: Checklist | None = None, faults: Mapping[str, str] | None = None, **typed: Mapping[str, str]
    ) -> Sheet:
        """Return the version as its page shows it, with what was typed if that was refused."""
        one = checklist or self.version.checklist
        return Sheet(
            self.version,
            one,
            acts(self.person, self.version),
            Said(faults or {}),
            Said(typed.get("typed", {})),
            placed(unready(one, self.values), one),
        )

    def base(self) -> dict[str, Any]:
        """Return what every page of the checklist is given."""
        return {
            "base": f"/editor/checklists/{self.version.id}",
            "case_type": self.case_type,
            "versions": self.versions,
            "live": self.live,
            "may_begin": self.may_begin,
        }


async def shown(request: Request, person: Person, checklist_id: str, number: int | None = None) -> Shown:
    """Return a version: the one that is asked for, else the one in work, the live one or the newest."""
    checklists = checklists_of(request)
    versions = await checklists.list.run(person, checklist_id=checklist_id)
    wanted = [one for one in versions if number is None or one.number == number]
    if not wanted:
        raise NotFoundError
    ranked = sorted(wanted, key=lambda one: (one.phase not in IN_WORK, not one.current))
    version = ranked[0]
    found = await checklists.facts.run(person, version.unit)
    facts = tuple(fact for unit in found for fact in unit.facts)
    return Shown(version, versions, await _case_type(request, version), facts, person)


async def _case_type(request: Request, version: Version) -> CaseTypeRecord:
    """Return a version's case type; a version may be older than what became of its case type."""
    known = await casework_of(request).read_catalogue.case_types()
    for one in known:
        if one.id == version.checklist.case_type:
            return one
    return CaseTypeRecord(
        id=version.checklist.case_type,
        path=(version.checklist.owner_unit or version.unit, version.id),
        unit=version.unit,
    )


async def page_of(
    request: Request,
    found: Shown,
    sheet: Sheet | None = None,
    *,
    status: int = 200,
    alert: str = "",
    template: str = "pages/editor_write.html",
) -> Response:
    """Show a version, whole page or part."""
    one = sheet or found.sheet()
    units = await casework_of(request).read_catalogue.units()
    version = found.version
    page: Response = request.app.state.pages.render(
        request,
        template,
        status_code=status,
        sheet=one,
        alert=alert,
        swap="hx-request" in request.headers,
        begins=found.may_begin and Act.WRITE not in one.acts,
        overdue=version.current and version.review_by is not None and version.review_by < utc_now(),
        local_facts=found.facts,
        receivers=[unit.name for unit in units],
        examples=found.case_type.examples,
        request_id=new_id(),
        **found.base(),
    )
    return page


def told(request: Request, error: DomainError) -> str:
    """Return what a refusal says, in the reader's language."""
    texts, language = request.app.state.texts, choose_language(request)
    parts = (error.title, error.detail if error.detail != error.title else "")
    return " ".join(texts.text(language, part, **error.params) for part in parts if part)
