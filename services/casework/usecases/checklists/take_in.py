"""A person takes in a file of checklists, as drafts of her own units."""

from dataclasses import dataclass

from services.casework.usecases.imports import Counts, ImportDrafts
from shared.errors import ForbiddenError
from shared.web.access import Action, Person, allow


@dataclass(frozen=True, slots=True)
class TakeIn:
    """Drafts marked as examples, of checklists whose units are hers; nothing is half taken in."""

    drafts: ImportDrafts

    async def run(self, person: Person, data: bytes) -> Counts:
        """Take in a YAML file; RejectedFileError with every error and its line."""
        if not allow(person, Action.EDIT_CHECKLISTS):
            raise ForbiddenError
        return await self.drafts.run(data, person)
