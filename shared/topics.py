"""The topics on Kafka: what each is keyed by, how long it is kept, and who may write and read it."""

from dataclasses import dataclass, field

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its bare name (a prefix is added per installation), its owner, readers and Kafka configuration."""

    name: str
    written_by: frozenset[str]
    read_by: frozenset[str]
    compacted: bool = False
    retention_ms: int = -1
    partitions: int = 4
    config: dict[str, str] = field(default_factory=dict)

    @property
    def dead(self) -> "Topic":
        """The topic that holds this one's dead letters."""
        return Topic(
            name=f"{self.name}.dead",
            written_by=self.read_by,
            read_by=self.read_by,
            retention_ms=90 * DAY_MS if self.retention_ms < 0 else self.retention_ms,
            partitions=1,
        )

    def kafka_config(self) -> dict[str, str]:
        """Return the broker's configuration of this topic."""
        if self.compacted:
            return {"cleanup.policy": "compact", **self.config}
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            **self.config,
        }


def _who(*names: str) -> frozenset[str]:
    return frozenset(names)


ALL = _who("intake", "router", "casework", "stats")

CONTACTS = Topic(
    "contacts",
    written_by=_who("intake"),
    read_by=_who("router", "casework"),
    retention_ms=21 * DAY_MS,
    config={"segment.ms": str(DAY_MS)},
)
ROUTING = Topic("routing", written_by=_who("router"), read_by=_who("intake", "casework", "stats"))
OPEN = Topic("open", written_by=_who("router"), read_by=_who("router"), compacted=True)
CASES = Topic("cases", written_by=_who("casework"), read_by=_who("router", "stats", "intake"))
CATALOGUE = Topic("catalogue", written_by=_who("casework"), read_by=ALL, compacted=True)
AGENTS = Topic("agents", written_by=_who("casework"), read_by=_who("router", "intake", "stats"), compacted=True)
RULES = Topic("rules", written_by=_who("router"), read_by=_who("router", "intake"), compacted=True)
LOAD = Topic("load", written_by=_who("stats"), read_by=_who("casework"))
EXAMPLES = Topic("examples", written_by=_who("router"), read_by=_who("router"), compacted=True)

TOPICS: tuple[Topic, ...] = (
    CONTACTS,
    ROUTING,
    OPEN,
    CASES,
    CATALOGUE,
    AGENTS,
    RULES,
    LOAD,
    EXAMPLES,
)
"""Every topic; `<topic>.dead` stands beside each that has consumer groups."""
