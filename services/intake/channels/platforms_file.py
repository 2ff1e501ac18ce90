"""The file of e-service platforms: where each is, which of its forms are read, and what they are told back."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from services.intake.channels.eplatform import Family, Platform
from services.intake.channels.settings_file import (
    Existing,
    FileFault,
    FileRead,
    Line,
    Name,
    Place,
    SafeUrl,
    Secret,
    SettingsFileError,
    Strict,
    read_file,
)
from services.intake.domain.instance import Told


def _without_end(url: str) -> str:
    return url.rstrip("/")


class _Family(Strict):
    id: Annotated[str, Field(pattern=r"^[0-9]{1,18}$", coerce_numbers_to_str=True)]
    form: Line
    since: date
    statuses: list[Line] = Field(default_factory=list, max_length=20)
    overlap_days: int = Field(2, ge=1, le=30)
    look_back_days: int = Field(90, ge=0, le=365)
    answers: dict[Told, Line] = Field(default_factory=dict)

    def family(self) -> Family:
        """Return what the rest works with."""
        return Family(**{**self.model_dump(), "statuses": tuple(self.statuses)})


class _Platform(Strict):
    name: Name
    url: Annotated[SafeUrl, AfterValidator(_without_end)]
    user: Line
    password: Secret
    system: Line = "Kontaktcenter"
    ca_file: Existing | None = None
    proxy: str = Field("", pattern=r"^(https?://[^\s/]+/?)?$", max_length=300)
    poll_seconds: float = Field(60.0, gt=0, le=86_400)
    timeout: float = Field(20.0, gt=0, le=300)
    deadline: float = Field(120.0, gt=0, le=1_800)
    page: int = Field(200, ge=1, le=5_000)
    most_bytes: int = Field(60_000_000, ge=100_000, le=500_000_000)
    families: list[_Family] = Field(min_length=1, max_length=500)

    def platform(self) -> Platform:
        """Return what the rest works with."""
        own = self.model_dump(exclude={"password", "families", "ca_file"})
        families = tuple(one.family() for one in self.families)
        return Platform(**own, password=self.password.value, families=families, ca_file=self.ca_file or "")


class _File(Strict):
    platforms: list[_Platform] = Field(min_length=1, max_length=20)


def read_platforms(path: str) -> tuple[Platform, ...]:
    """Return the platforms of a file; SettingsFileError with everything that is wrong with it."""
    read = read_file(path)
    platforms = read.valid(_File).platforms
    named = [(one.name, ("platforms", n, "name")) for n, one in enumerate(platforms)]
    faults = [*read.faults, *_twice(read, named, "another platform has this name")]
    for n, one in enumerate(platforms):
        ids = [(family.id, ("platforms", n, "families", m, "id")) for m, family in enumerate(one.families)]
        faults += _twice(read, ids, "this family stands twice")
    if faults:
        raise SettingsFileError(path, faults)
    return tuple(one.platform() for one in platforms)


def _twice(read: FileRead, named: Sequence[tuple[str, Place]], text: str) -> Iterator[FileFault]:
    seen = Counter[str]()
    for name, place in named:
        seen[name] += 1
        if seen[name] > 1:
            yield read.fault(place, text)
