"""What every event has: a type, a topic and the key that orders it."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from shared.topics import Topic


class Event(BaseModel):
    """A fact; `event_type` and `topic` are the same for all of its kind, `key` orders it on its topic."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    event_type: ClassVar[str]
    topic: ClassVar[Topic]

    @property
    def key(self) -> str:
        """The Kafka key: events of one key are read in the order in which they were written."""
        raise NotImplementedError


class ByContact(Event):
    """A fact about one contact."""

    contact_id: str

    @property
    def key(self) -> str:
        return self.contact_id


class ByCase(Event):
    """A fact about one case."""

    case_id: str
    case_number: str

    @property
    def key(self) -> str:
        return self.case_id
