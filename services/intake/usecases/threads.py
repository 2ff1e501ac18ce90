"""Which case a mail belongs to, as far as the door can say: proven or claimed by our token, or named in its subject.

In this order: the address it was sent to, In-Reply-To, References from last to first, a case number in the subject.
Only a token that was made for the sender proves anything.
"""

from dataclasses import dataclass

from services.intake.domain import bounce
from services.intake.domain.mail import Mail
from shared import thread


@dataclass(frozen=True, slots=True)
class Place:
    """`follows` is proven; `linked` and `tagged` (a case number) only say what it may concern."""

    follows: str | None = None
    linked: str | None = None
    tagged: str | None = None
    returned: bool = False
    """It reports that a mail did not arrive, and not one of ours: backscatter of a forged sender, mostly."""

    @property
    def flags(self) -> tuple[str, ...]:
        """What is noticed about it."""
        noticed = {"token_mismatch": self.linked is not None, "bounce_unknown": self.returned}
        return tuple(name for name, seen in noticed.items() if seen)


def place(key: bytes, read: Mail) -> Place:
    """Return where a mail belongs."""
    found = thread.find(key, read.references, read.sender_address or "", read.recipients)
    if found and found.proven and "several_senders" not in read.flags:  # who of them wrote is anybody's guess
        return Place(follows=found.case_id)
    returned = bounce.report(read, thread.is_ours) is not None
    return Place(None, found.case_id if found else None, thread.tag(read.subject), returned)
