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


def percent(value: float | None, language: str = "sv") -> str:
    """Return a share (0 to 1) in whole per cent: `61 %`."""
    return "–" if value is None else numbers.format_percent(value, locale=_LOCALES[language])


def blanks(text: str) -> Markup:
    """Return a text whose unfilled `{local_values}` are marked as blanks that somebody still has to fill in."""
    parts = _BLANK.split(text)
    marked = [Markup('<span class="blank">{}</span>').format(part.replace("_", " ")) for part in parts[1::2]]
    plain = [escape(part) for part in parts[::2]]
    return Markup("").join(piece for pair in zip(plain, [*marked, Markup("")], strict=True) for piece in pair)


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


FILTERS: Mapping[str, Any] = {
    "clock": clock,
    "duration": duration,
    "iso": iso,
    "blanks": blanks,
    "day": _in_language(day),
    "full_day": _in_language(full_day),
    "moment": _in_language(moment),
    "number": _in_language(number),
    "percent": _in_language(percent),
}
"""The filters of the templates by name."""
