"""Knowledge from the catalogue: fitted in a process of its own, stored, read back, replaced whole."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.router.domain.matching.matcher import Query
from services.router.domain.matching.model import Model
from services.router.domain.matching.training import Example
from services.router.domain.rule_table import FIRST_TABLE
from services.router.store.models import Models
from services.router.store.trainer import Trainer
from services.router.usecases import teach
from services.router.usecases.rulebook import FIRST_VERSION, Rulebook
from services.router.usecases.teach import Taught, Teach
from shared.catalogue import Catalogue
from shared.clock import utc_now
from shared.originals import Originals
from shared.publish import Publisher, message
from shared.records import CaseTypeRecord, RulesRecord
from shared.settings import ServiceSettings
from shared.table import Table
from shared.topics import RULES
from shared.topics_admin import ensure_topics
from tests.support.wait import eventually

COLD = CaseTypeRecord(id="ct-cold", path=("Bostad", "Kallt"), unit="bostad", examples=("kalla element", "vi fryser"))
ROAD = CaseTypeRecord(id="ct-road", path=("Gata", "Hål"), unit="gata", examples=("hål i vägen", "grop i asfalten"))


class NoTrainer(Trainer):
    async def fit(self, examples: Sequence[Example], *, seed: int = 1) -> Model:
        raise AssertionError(f"a known model must not be fitted again ({len(examples)}, {seed})")


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue(ServiceSettings())
    for record in (COLD, ROAD):
        made.apply(record.key, record)
    return made


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(Originals(f"file://{tmp_path}"))


async def test_a_model_is_fitted_once_and_read_at_the_next_start(catalogue: Catalogue, models: Models):
    first = Taught()
    await Teach(catalogue, models, Trainer(), first).refresh()
    model = first.now.matcher.model
    assert model is not None
    assert first.now.matcher.rank([Query("grop i vägen")])[0][0].case_type.id == "ct-road"

    second = Taught()
    await Teach(catalogue, models, NoTrainer(), second).refresh()
    assert second.now.matcher.version == model.version


async def test_a_stored_model_that_cannot_be_read_is_fitted_anew(catalogue: Catalogue, tmp_path: Path):
    originals = Originals(f"file://{tmp_path}")
    taught = Taught()
    await Teach(catalogue, Models(originals), Trainer(), taught).refresh()
    version = taught.now.matcher.version
    await originals.put(f"models/{version}/weights", b"PK not a model", content_type="application/octet-stream")
    again = Taught()
    await Teach(catalogue, Models(originals), Trainer(), again).refresh()
    assert again.now.matcher.version == version


async def test_a_change_of_the_catalogue_is_followed_and_the_old_model_deleted(
    catalogue: Catalogue, models: Models, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(teach, "LOOK_SECONDS", 0.02)
    taught = Taught()
    running = asyncio.create_task(Teach(catalogue, models, Trainer(), taught).run())
    try:
        await eventually(lambda: taught.now.matcher.model, timeout=30)
        before = taught.now.matcher.version
        more = COLD.model_copy(update={"examples": (*COLD.examples, "isblommor på rutan")})
        catalogue.apply(more.key, more)
        await eventually(lambda: taught.now.matcher.version != before, timeout=30)
        assert taught.now.matcher.rank([Query("isblommor")])[0][0].case_type.id == "ct-cold"
        await eventually(lambda: _is_gone(models, before))
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _is_gone(models: Models, version: str) -> bool:
    return await models.load(version) is None


async def test_a_fit_that_is_given_up_leaves_no_process_behind(catalogue: Catalogue, models: Models):
    fitting = asyncio.create_task(Teach(catalogue, models, Trainer(), Taught()).refresh())
    await asyncio.sleep(0)
    fitting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fitting


@pytest.mark.integration
async def test_the_first_table_is_published_once_and_newer_ones_count(settings: ServiceSettings):
    await ensure_topics(settings)
    publisher, table = Publisher(settings, "router"), Table(settings, RULES)
    await publisher.start()
    await table.start()
    try:
        book = Rulebook(table, publisher)
        assert book.current().version == "built-in"
        await book.open()
        await eventually(lambda: book.current().version == FIRST_VERSION)
        await book.open()
        newer = RulesRecord(version="000002", rules=FIRST_TABLE[-2:], published_at=utc_now())
        broken = RulesRecord(version="000003", rules=({"name": "x"},), published_at=utc_now())
        await publisher.publish(message(newer), message(broken))
        await eventually(lambda: len(table.values()) == 3)
        assert book.current().version == "000002"
    finally:
        await table.stop()
        await publisher.stop()
