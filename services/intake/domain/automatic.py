"""Robots and loops: which mails a machine wrote, so that no receipt is ever sent to one.

RFC 3834 and what programs do besides. `X-Auto-Response-Suppress` is no sign: Exchange puts it on people's mail.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from services.intake.domain.mail import Headers, Mail

_BULK = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_PRESENT: Mapping[str, str] = MappingProxyType(
    {
        "list-id": "list",
        "list-unsubscribe": "list",
        "x-autoreply": "autoreply",
        "x-autorespond": "autoreply",
        "x-autoresponder": "autoreply",
        "x-loop": "loop",
        "x-failed-recipients": "report",
        "feedback-id": "bulk",
    }
)
_ROBOTS = re.compile(
    r"^(mailer-daemon|postmaster|(no[-_.]?reply|do[-_.]?not[-_.]?reply|svara[-_.]?(ej|inte))([-_.+][^@]*)?|bounces?([-_.+][^@]*)?)@"
)
_HINT = re.compile(
    r"^\W*(autosvar|automatiskt svar|frånvaro|frånvarande|out of (the )?office|automatic reply|auto(matic)?[- ]?reply"
    r"|semester|tjänstledig)\b",
    re.IGNORECASE,
)


def why_automatic(mail: Mail) -> str | None:
    """Return the sign by which a machine wrote `mail`, or None for a person's mail."""
    return _by_header(mail.headers) or _by_sender(mail) or _by_hints(mail)


def _by_header(headers: Headers) -> str | None:
    submitted = re.split(r"[;(\s]", headers.text("auto-submitted").strip().lower(), maxsplit=1)[0]
    if submitted and submitted != "no":
        return "auto_submitted"
    if (returned := headers.raw("return-path")) is not None and not returned.strip(" <>\t"):
        return "null_return_path"
    if headers.text("content-type").lower().startswith("multipart/report"):
        return "report"
    if headers.text("precedence").lower() in _BULK:
        return "precedence"
    return next((sign for name, sign in _PRESENT.items() if headers.raw(name) is not None), None)


def _by_sender(mail: Mail) -> str | None:
    return "robot_sender" if _ROBOTS.match(mail.sender_address or "") else None


def _by_hints(mail: Mail) -> str | None:
    """A subject alone is a weak sign: it counts only on a mail that answers another."""
    return "subject" if mail.references and _HINT.match(mail.subject) else None
