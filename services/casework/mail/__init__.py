"""Mail out: what our mails say, how they look on the wire, and handing them to the mail server."""

from services.casework.mail.compose import File, compose, plain_address
from services.casework.mail.errors import (
    MailRefusedError,
    MailServerAwayError,
    MailUnknownError,
    MailUnsentError,
)
from services.casework.mail.letters import CHANNELS, Letters, answering, in_thread, when
from services.casework.mail.receipts import Receipt, Sender, greeted
from services.casework.mail.server import MailServer, Safety

__all__ = [
    "CHANNELS",
    "File",
    "Letters",
    "MailRefusedError",
    "MailServer",
    "MailServerAwayError",
    "MailUnknownError",
    "MailUnsentError",
    "Receipt",
    "Safety",
    "Sender",
    "answering",
    "compose",
    "greeted",
    "in_thread",
    "plain_address",
    "when",
]
