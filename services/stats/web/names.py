"""Names for people: units, queues and case types as the catalogue calls them, and who can take what."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.stats.store.live import AgentState, QueueState
from shared.catalogue import Catalogue
from shared.records import AgentProfile
from shared.table import Table
from shared.vocabulary import Presence

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Names:
    """Looks names up; what is not known is called by its id."""

    catalogue: Catalogue
    agents: Table

    def unit(self, unit_id: str) -> str:
        """Return the name of a unit."""
        found = self.catalogue.unit(unit_id)
        return found.name if found else unit_id

    def queue(self, queue: str) -> str:
        """Return the name of a queue: that of its unit where it is named after one."""
        name = self.unit(queue)
        return name if name != queue else queue.replace("-", " ").replace("_", " ").capitalize()

    def case_type(self, case_type_id: str) -> str:
        """Return the question of a case type."""
        found = self.catalogue.case_type(case_type_id)
        return found.question if found else case_type_id

    def area(self, case_type_id: str) -> str:
        """Return the middle levels of a case type's path; empty where there are none."""
        found = self.catalogue.case_type(case_type_id)
        return found.area if found else ""

    def able(self, queue: QueueState, agents: Mapping[str, AgentState]) -> int:
        """Return how many of the agents who are free have the skills that the queue last asked for."""
        return sum(self._has(agent.id, queue.skills) for agent in agents.values() if is_free(agent))

    def _has(self, agent_id: str, skills: tuple[str, ...]) -> bool:
        profile = self.agents.get(agent_id)
        if not isinstance(profile, AgentProfile):
            return not skills
        own = profile.skills
        return EVERYTHING in own or all(_met(skill, profile) for skill in skills)


def _met(skill: str, profile: AgentProfile) -> bool:
    kind, _, value = skill.partition(":")
    match kind:
        case "channel":
            return value in profile.channels
        case "lang":
            return value in profile.languages
        case _:
            return skill in profile.skills


def is_free(agent: AgentState) -> bool:
    """Say whether an agent can take something now."""
    return agent.presence == Presence.READY and agent.used < max(agent.capacity, 1)
