"""Which queues there are: those of units, those that the rules in force name, those that contacts have waited in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.router.store.look import Look
from services.router.usecases.rulebook import Rulebook
from shared.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class KnownQueues:
    """Any other name is a slip of the pen: what is sent there would wait for nobody."""

    look: Look
    catalogue: Catalogue
    book: Rulebook

    async def names(self) -> set[str]:
        """Return them."""
        return {
            *(view.queue for view in await self.look.queues()),
            *(unit.id for unit in self.catalogue.units()),
            *_named(self.book.in_force().rules),
        }


def _named(value: object) -> set[str]:
    """Return every literal value of a `queue` anywhere in the rules; `{unit}` is no name."""
    match value:
        case str() | bytes():
            return set()
        case Mapping():
            own = value.get("queue")
            here = {own} if isinstance(own, str) and "{" not in own else set()
            return here.union(*map(_named, value.values()))
        case Sequence():
            return set().union(*map(_named, value))
        case _:
            return set()
