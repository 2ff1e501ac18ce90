"""Who an e-service says that its applicant is, as a sender."""

from services.intake.channels.phone import e164
from services.intake.domain import form
from services.intake.domain.text import one_line
from shared.events import Sender


def applicant(name: str | None, email: str | None, phone: str | None) -> tuple[Sender, tuple[str, ...]]:
    """Return the sender and what is doubtful about her: an address that nobody can write to is none."""
    usable = form.address(email)
    sender = Sender(name=one_line(name or "") or None, email=usable, phone=e164(phone) or one_line(phone or "") or None)
    return sender, ("unusable_email",) if email and not usable else ()
