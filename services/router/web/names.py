"""What queues, units, agents and skills are called; what is not known is called by its id."""

from collections.abc import Callable
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from services.router.domain.skills import LANGUAGE, SIGNED, WISH, skill_of
from services.router.store.look import QueueView
from shared.catalogue import Catalogue
from shared.records import AgentProfile

SIGNED_OFF = {"sv": "godkänd för", "en": "signed off for"}


@dataclass(frozen=True, slots=True)
class Names:
    """Looks names up."""

    catalogue: Catalogue
    agent_of: Callable[[str], AgentProfile | None]

    def agent(self, agent_id: str | None) -> str:
        """Return the name of an agent."""
        found = self.agent_of(agent_id) if agent_id else None
        return found.name if found else agent_id or ""

    def unit(self, unit_id: str) -> str:
        """Return the name of a unit."""
        found = self.catalogue.unit(unit_id)
        return found.name if found else unit_id

    def queue(self, queue: str) -> str:
        """Return the name of a queue: that of its unit where it is named after one."""
        name = self.unit(queue)
        return name if name != queue else queue.replace("-", " ").replace("_", " ").capitalize()

    def skill(self, name: str, language: str) -> str:
        """Return the name of a skill: of a unit (signed off for it, too), of a language, else as the rules write it."""
        if name.startswith(SIGNED):
            return f"{SIGNED_OFF.get(language, SIGNED_OFF['sv'])} {self.unit(name.removeprefix(SIGNED))}"
        if not name.startswith(LANGUAGE):
            return self.unit(name)
        code = name.removeprefix(LANGUAGE)
        try:
            return Locale.parse(code).get_display_name(language) or code
        except (UnknownLocaleError, ValueError):
            return code

    def skills(self, words: str, language: str) -> list[tuple[str, int]]:
        """Return names and levels of what a contact asks for (`bostad=3,lang:fi`), without the marks of the store."""
        asked = [skill_of(word) for word in words.split(",") if word and not word.startswith(("+", "!", WISH))]
        return [(self.skill(name, language), level) for name, level in asked]

    def by_name(self, views: list[QueueView]) -> list[QueueView]:
        """Return queues in the order of their names."""
        return sorted(views, key=lambda view: self.queue(view.queue).lower())
