"""Fitted models in the object store, by the version of their training set: a warm start fits nothing."""

import asyncio
import zipfile

import structlog

from services.router.domain.matching.model import Model
from shared.errors import NotFoundError
from shared.originals import Originals

log = structlog.get_logger(__name__)


class Models:
    """The store of models; what it cannot read it does not have."""

    def __init__(self, originals: Originals) -> None:
        self._originals = originals

    async def load(self, version: str) -> Model | None:
        """Return the model of a training set, or None when it has to be fitted."""
        try:
            data = await self._originals.get(_key(version))
            return await asyncio.to_thread(Model.from_bytes, data)
        except NotFoundError:
            return None
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile):
            log.warning("model_unreadable", version=version)
            return None

    async def save(self, model: Model) -> None:
        """Keep a model."""
        data = await asyncio.to_thread(model.to_bytes)
        await self._originals.put(_key(model.version), data, content_type="application/octet-stream")

    async def forget(self, version: str) -> None:
        """Delete a model that another has replaced."""
        await self._originals.delete(_folder(version))


def _folder(version: str) -> str:
    return f"models/{version}"


def _key(version: str) -> str:
    return f"{_folder(version)}/weights"
