"""Whether the contact centre answers for a contact yet: by its case type and by the entrance it came in by."""

from dataclasses import dataclass
from datetime import datetime

from shared.catalogue import Catalogue
from shared.takeover import CASE_TYPE, ENTRANCE, least_taken
from shared.vocabulary import Channel, TakenOver


@dataclass(frozen=True, slots=True)
class Takeovers:
    """Reads how far things have moved in."""

    catalogue: Catalogue

    def state_of(self, case_type: str, entrance: str, channel: Channel, at: datetime) -> tuple[TakenOver, str]:
        """Return the less taken of case type and entrance (ids; unknown is taken), and where to forward meanwhile."""
        by_type = self.catalogue.takeover(CASE_TYPE, case_type, channel)
        return least_taken((by_type, self.catalogue.takeover(ENTRANCE, entrance, channel)), at)
