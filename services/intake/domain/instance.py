"""A submission of an e-service platform (Open ePlatform's *FlowInstance*) as we understand it, and what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a listing; `mark` changes when something has happened to the instance, and is empty if nothing says."""

    id: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom an instance names; each part may be missing."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of an instance; without `data` it must be fetched by query and file id."""

    query: str
    id: str
    name: str
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One version of a submission.

    `submitted` tells one version from another and nothing else: the platform writes it without a zone and, by its
    public source, on a clock of twelve hours, so of two versions it does not say which came first.
    """

    id: str
    family: str
    submitted: str
    form: str = ""
    version: str = ""
    people: Sequence[Person] = ()
    """Who fills in, the likeliest first."""
    fields: Mapping[str, object] = field(default_factory=dict)
    files: Sequence[Upload] = ()

    def before(self, day: date) -> bool:
        """Say whether it was last submitted before that day; the day is written well."""
        try:
            return date.fromisoformat(self.submitted[:10]) < day
        except ValueError:
            return False

    @property
    def applicant(self) -> Person:
        """Who fills in: the first who can be reached, with what else is said of one of that name, never of another."""
        people = [one for one in self.people if one.email or one.phone] or list(self.people) or [Person()]
        same = [one for one in self.people if (one.name or "").lower() == (people[0].name or "").lower()]
        return Person(
            name=people[0].name,
            email=next((one.email for one in same if one.email), None),
            phone=next((one.phone for one in same if one.phone), None),
        )


class Refusal(StrEnum):
    """Why the platform does not take an answer of ours; its own words are not kept, for they may name a person."""

    ACCESS_DENIED = "access_denied"
    INSTANCE_NOT_FOUND = "instance_not_found"
    """Also what a platform says of an instance whose family we may not touch."""
    STATUS_NOT_FOUND = "status_not_found"
    OTHER = "other"


class Told(StrEnum):
    """What has become of the case, as a platform can be told; settings say by which status of each family."""

    OPENED = "opened"
    PARKED = "parked"
    HANDED_OVER = "handed_over"
    REOPENED = "reopened"
    CLOSED = "closed"
