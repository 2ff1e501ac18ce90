"""What the router knows of case types, kept fresh: read whole, replaced whole, fitted outside the process."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from services.router.domain.matching import search
from services.router.domain.matching.matcher import CaseType, Matcher
from services.router.domain.matching.model import Model
from services.router.domain.matching.training import Example, version_of
from services.router.store.models import Models
from services.router.store.trainer import Trainer
from shared.catalogue import Catalogue
from shared.errors import TransientError
from shared.events import ChecklistRef
from shared.records import CaseTypeRecord, ChecklistRecord

LOOK_SECONDS = 1.0
_FEWEST_CLASSES = 2
_CHECK_FLOOR = 0.5
"""A model that places less than this share of what the one before it placed is not taken."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One consistent picture of the catalogue: matcher, search index and checklists."""

    matcher: Matcher = field(default_factory=lambda: Matcher(()))
    index: search.Index = field(default_factory=lambda: search.build(()))
    case_types: dict[str, CaseType] = field(default_factory=dict)
    checklists: dict[str, ChecklistRef] = field(default_factory=dict)
    """The published checklist of a case type, by case type id."""


@dataclass(slots=True)
class Taught:
    """Holds the knowledge that is in use now; replaced in one assignment, so a reader never sees half of it."""

    now: Knowledge = field(default_factory=Knowledge)


@dataclass(frozen=True, slots=True)
class Teach:
    """Builds the knowledge anew when the catalogue changes; fits a model only for examples not seen before."""

    catalogue: Catalogue
    models: Models
    trainer: Trainer
    taught: Taught

    async def run(self) -> None:
        """Follow the catalogue for as long as the process lives; waits until it has been still for a moment."""
        done = seen = -1
        while True:
            if self.catalogue.version == seen != done:
                done = seen
                await self.refresh()
            seen = self.catalogue.version
            await asyncio.sleep(LOOK_SECONDS)

    async def recall(self) -> None:
        """Start with what is known already, before the first contact; what is missing comes with `run`."""
        try:
            await self.refresh(fit=False)
        except TransientError as error:
            log.warning("model_not_recalled", error=str(error))

    async def refresh(self, *, fit: bool = True) -> None:
        """Take in the catalogue as it stands: at once with a model that is known, again when a new one is fitted."""
        case_types, checklists = _case_types(self.catalogue)
        examples = [Example(text, each.id) for each in case_types for text in each.texts]
        version = await asyncio.to_thread(version_of, examples)
        before = self.taught.now.matcher.model
        model = before if before and before.version == version else await self.models.load(version)
        self.taught.now = await asyncio.to_thread(_knowledge, case_types, checklists, model or before)
        if model is None and fit and len({example.label for example in examples}) >= _FEWEST_CLASSES:
            await self._fit(examples, before)

    async def _fit(self, examples: list[Example], before: Model | None) -> None:
        log.info("model_fitting", examples=len(examples))
        model = await self.trainer.fit(examples)
        if before and model.checked < _CHECK_FLOOR * before.checked:
            log.error("model_refused", version=model.version, checked=model.checked, before=before.checked)
            return
        await self.models.save(model)
        now = self.taught.now
        matcher = Matcher(now.matcher.case_types, model)
        self.taught.now = Knowledge(matcher, now.index, now.case_types, now.checklists)
        log.info("model_taken", version=model.version, checked=round(model.checked, 3), examples=len(examples))
        if before:
            await self.models.forget(before.version)


def _case_types(catalogue: Catalogue) -> tuple[tuple[CaseType, ...], dict[str, ChecklistRecord]]:
    checklists = {checklist.case_type: checklist for checklist in catalogue.checklists()}
    named = {each.id: each.checklist for each in catalogue.case_types() if each.checklist}
    checklists |= {key: found for key, ref in named.items() if (found := catalogue.checklist(ref.id))}
    current = [record for record in catalogue.case_types() if not record.deprecated]
    return tuple(_case_type(record, checklists.get(record.id)) for record in current), checklists


def _case_type(record: CaseTypeRecord, checklist: ChecklistRecord | None) -> CaseType:
    texts = [" ".join(record.path), *record.examples]
    if checklist:
        texts.append(_text_of(checklist))
    return CaseType(record.id, record.unit, record.area, record.question, record.share, tuple(texts))


def _text_of(checklist: ChecklistRecord) -> str:
    return " ".join((*(step.text for step in checklist.steps), *checklist.tags))


def _knowledge(
    case_types: tuple[CaseType, ...], checklists: dict[str, ChecklistRecord], model: Model | None
) -> Knowledge:
    return Knowledge(
        Matcher(case_types, model),
        search.build(_documents(case_types, checklists)),
        {case_type.id: case_type for case_type in case_types},
        {key: ChecklistRef(id=found.id, version=found.version) for key, found in checklists.items()},
    )


def _documents(case_types: Iterable[CaseType], checklists: dict[str, ChecklistRecord]) -> Iterable[search.Document]:
    """Yield what can be found: the title weighs most, then the checklist, then how residents put it."""
    for case_type in case_types:
        checklist = checklists.get(case_type.id)
        title, *rest = case_type.texts
        yield search.Document(case_type.id, title, 1.0)
        yield search.Document(case_type.id, " ".join(rest), 0.5)
        if checklist:
            yield search.Document(case_type.id, _text_of(checklist), 0.7)
