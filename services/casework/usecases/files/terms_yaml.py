"""On what terms an agent works, as the list of people says it: skills with levels, work modes, limits, blending."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.casework.usecases.files.nodes import Document, Path
from shared.vocabulary import Channel

Level = Annotated[int, Field(ge=1, le=5)]
Login = Annotated[str, Field(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class _Mode(_Strict):
    name: str = Field(min_length=1, max_length=100)
    channels: tuple[Channel, ...] = ()
    skills: dict[str, Level] | None = None
    capacity: int | None = Field(None, ge=1)


class _Terms(_Strict):
    skills: dict[str, Level] = Field(default_factory=dict)
    reserve: bool = False
    modes: tuple[_Mode, ...] = ()
    max_contacts: int | None = Field(None, ge=1)
    window_seconds: int = Field(3600, ge=1)
    rest_seconds: Seconds = 0.0
    blend_seconds: dict[Channel, Seconds] = Field(default_factory=dict)
    logins: tuple[Login, ...] = ()


def read_terms(document: Document, path: Path, raw: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, Any]]:
    """Return a person's skills, and whatever else of her terms is not as usual; what is wrong is noted at its line."""
    stated = {name: raw[name] for name in _Terms.model_fields if raw.get(name) is not None}
    try:
        terms = _Terms.model_validate(stated)
    except ValidationError as error:
        for wrong in error.errors():
            place = ".".join(str(part) for part in wrong["loc"])
            document.wrong((*path, *wrong["loc"]), f"{place}: värdet stämmer inte.")
        return {}, {}
    names = [mode.name for mode in terms.modes]
    for name in {name for name in names if names.count(name) > 1}:
        document.wrong((*path, "modes"), f"Arbetssättet {name} står två gånger.")
    return terms.skills, terms.model_dump(mode="json", exclude={"skills"}, exclude_defaults=True)
