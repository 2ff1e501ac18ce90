"""How times, numbers and durations are written for people: Stockholm's clock, the reader's language."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates, numbers
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

_BLANK = re.compile(r"\{([^{}\s]+)\}")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
_SWEDEN = 46
_DIALLED = re.compile(r"\+?\d{4,15}")
_TIE = re.compile(r"(77\d)(\d{3})(\d{3})")
"""Numbers of the 077 series, which people write `0771-567 567` and libraries do not."""
_SHORT = {"112": "112", "11414": "114 14", "11313": "113 13", "1177": "1177"}
_WITHHELD = frozenset({"anonymous", "withheld", "restricted", "private", "unknown", "unavailable", "hidden"})
WITHHELD = "Dolt nummer"
"""What stands where a caller shows no number; the key of its translation."""
_LOCALES = {"sv": "sv_SE", "en": "en_GB"}


def clock(value: datetime | None) -> str:
    """Return the time of day: `08:15`."""
    return value.astimezone(STOCKHOLM).strftime("%H:%M") if value else "–"


def day(value: date | datetime | None, language: str = "sv") -> str:
    """Return the day in short: `12 nov.`."""
    return _format_date(value, "d MMM", language)


def full_day(value: date | datetime | None, language: str = "sv") -> str:
    """Return the day with its year: `12 november 2026`."""
    return _format_date(value, "d MMMM y", language)


def moment(value: datetime | None, language: str = "sv", now: datetime | None = None) -> str:
    """Return a point in time as near as it needs: `10:42` today, `12 nov. 10:42` else."""
    if value is None:
        return "–"
    local = value.astimezone(STOCKHOLM)
    today = (now or datetime.now(STOCKHOLM)).astimezone(STOCKHOLM).date()
    return clock(local) if local.date() == today else f"{day(local, language)} {clock(local)}"


def duration(value: float | timedelta | None) -> str:
    """Return a length of time: `0:38`, `1:02:05`; from two days on `3 d`."""
    if value is None:
        return "–"
    seconds = max(0, int(value.total_seconds() if isinstance(value, timedelta) else value))
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(value: float | None, language: str = "sv") -> str:
    """Return a number with the reader's separators: `2 300`."""
    return "–" if value is None else numbers.format_decimal(value, locale=_LOCALES[language])


def size(value: float | None, language: str = "sv") -> str:
    """Return how large a file is: `38 kB`, `1,2 MB`."""
    if value is None:
        return "–"
    if value < 1_000_000:
        return f"{number(max(1, round(value / 1000)), language)} kB"
    return f"{number(round(value / 1_000_000, 1), language)} MB"


def percent(value: float | None, language: str = "sv") -> str:
    """Return a share (0 to 1) in whole per cent: `61 %`."""
    return "–" if value is None else numbers.format_percent(value, locale=_LOCALES[language])


def phone(value: str | None) -> str:
    """Return a number as people here write it: `070-174 06 70`, `0771-567 567`, `114 14`, foreign ones with `+`.

    What is no number is returned as it stands; a withheld number is the empty text.
    """
    text = (value or "").strip()
    if not text or text.lower() in _WITHHELD:
        return ""
    bare = re.sub(r"[\s()/-]", "", text)
    if (short := _SHORT.get(bare.removeprefix("+46"))) is not None:
        return short
    return _spaced(bare) or text if _DIALLED.fullmatch(bare) else text


def _spaced(bare: str) -> str:
    """Return the digits in groups; empty when they are no possible number."""
    import phonenumbers  # noqa: PLC0415 - three megabytes that only pages with numbers need

    try:
        number = phonenumbers.parse(bare, "SE")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    if number.country_code != _SWEDEN:
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    if (tie := _TIE.fullmatch(str(number.national_number))) is not None:
        return "0{}-{} {}".format(*tie.groups())
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))


def blanks(text: str) -> Markup:
    """Return a text whose unfilled `{local_values}` are marked as blanks that somebody still has to fill in."""
    parts = _BLANK.split(text)
    marked = [Markup('<span class="blank">{}</span>').format(part.replace("_", " ")) for part in parts[1::2]]
    plain = [escape(part) for part in parts[::2]]
    return Markup("").join(piece for pair in zip(plain, [*marked, Markup("")], strict=True) for piece in pair)


def breakable(address: str) -> Markup:
    """Return a mail address that breaks, when it must, after its `@`."""
    return Markup("@<wbr>").join(escape(part) for part in address.split("@"))


def iso(value: datetime) -> str:
    """Return the point in time for a machine (`datetime` attributes)."""
    return value.astimezone(STOCKHOLM).isoformat(timespec="seconds")


def _format_date(value: date | datetime | None, pattern: str, language: str) -> str:
    if value is None:
        return "–"
    local = value.astimezone(STOCKHOLM).date() if isinstance(value, datetime) else value
    return dates.format_date(local, pattern, locale=_LOCALES[language])


def _in_language(function: Callable[..., str]) -> Any:
    @pass_context
    def filtered(context: Context, value: Any) -> str:
        return function(value, context["lang"])

    return filtered


@pass_context
def _phone_in_words(context: Context, value: str | None) -> str:
    return phone(value) or str(context.environment.globals["_"](context, WITHHELD))  # type: ignore[operator] # Jinja's dict of objects


FILTERS: Mapping[str, Any] = {
    "clock": clock,
    "duration": duration,
    "iso": iso,
    "blanks": blanks,
    "breakable": breakable,
    "phone": _phone_in_words,
    "day": _in_language(day),
    "full_day": _in_language(full_day),
    "moment": _in_language(moment),
    "number": _in_language(number),
    "size": _in_language(size),
    "percent": _in_language(percent),
}
"""The filters of the templates by name."""
