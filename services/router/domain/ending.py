"""How a contact ended, as its door says it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class End:
    """What is said of an end; None where nobody has said."""

    abandoned: bool | None = None
    """Nobody had talked with the citizen."""
    short: bool | None = None
    """So soon that nobody could have answered."""
    waited_seconds: float | None = None


UNSAID = End()
