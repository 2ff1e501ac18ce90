"""What is known when a mail could not be handed over."""

from typing import Literal

from shared.errors import PermanentError, TransientError

Away = Literal["connect", "timeout", "tls", "login", "busy"]


class MailRefusedError(PermanentError):
    """The mail server will never take this mail: its address is impossible, or it says so (5xx)."""


class MailUnsentError(TransientError):
    """The mail server has surely not taken the mail: no connection, or it said later (4xx)."""


class MailUnknownError(TransientError):
    """Nobody knows whether the mail server took the mail: the connection broke while it was handed over."""


class MailServerAwayError(MailUnsentError):
    """The mail server takes nothing from us now, whatever the mail: `why` says at which step it failed."""

    def __init__(self, why: Away, cause: BaseException) -> None:
        super().__init__(f"{why} {type(cause).__name__}")
        self.why = why
