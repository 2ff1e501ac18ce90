"""How long an SMS is: in GSM's alphabet 160 characters, else 70; longer ones are several, and each is paid for."""

from math import ceil

from shared.errors import DomainError, FieldError

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("^{}\\[~]|€\f")
_PLAIN = str.maketrans(
    {"–": "-", "—": "-", "’": "'", "‘": "'", "”": '"', "“": '"', "…": "...", "\u00a0": " ", "\u2011": "-", "•": "-"}
)
MOST = 6
"""Parts that one SMS of ours may have."""


class SmsTooLongError(DomainError):
    """The text does not fit in as many parts as we send."""

    type = "sms-too-long"
    status = 422
    title = "Sms:et är för långt: {parts} delar, högst {most}. Korta texten eller svara med mejl."


def plain(text: str) -> str:
    """Return the text with typographic signs as GSM's alphabet has them (3GPP TS 23.038)."""
    return text.replace("\r\n", "\n").translate(_PLAIN).strip()


def parts(text: str) -> int:
    """Return how many SMS a text is; 0 when it is empty."""
    if not text:
        return 0
    if all(sign in _BASIC or sign in _ESCAPED for sign in text):
        length = sum(2 if sign in _ESCAPED else 1 for sign in text)
        return 1 if length <= 160 else ceil(length / 153)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= 70 else ceil(length / 67)


def short_enough(text: str) -> str:
    """Return the text as it is sent; SmsTooLongError when it is too long."""
    said = plain(text)
    if (count := parts(said)) > MOST:
        raise SmsTooLongError(errors=[FieldError("/text", SmsTooLongError.title)], parts=count, most=MOST)
    return said
