"""The sums behind the key figures, by any of the cube's dimensions."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.stats.domain.kpi import Kpis, Sums
from services.stats.store.scope import WITHIN, Units, bound, columns_of
from shared.vocabulary import LIVE_CHANNELS, Cause, Channel

_CAUSES = {cause.value: f"cause_{cause.value}" for cause in Cause}

# A contact is repeated when the same person came about the same unit within seven days before.
# What the contact centre has not taken over is received and answered as anything else, but ended apart.
_SELECTS = {
    "received": (
        (
            "count(*) AS contacts, count(*) FILTER (WHERE person_key <> '') AS known_persons, "
            "count(*) FILTER (WHERE person_key <> '' AND EXISTS (SELECT 1 FROM stats.contacts b WHERE "
            "b.person_key = a.person_key AND b.unit = a.unit AND b.contact_id <> a.contact_id "
            "AND b.received_at < a.received_at AND b.received_at > a.received_at - interval '7 days')) "
            "AS repeats, count(*) FILTER (WHERE taken_over = 'ej_overtagen') AS not_taken, "
            "count(*) FILTER (WHERE taken_over = 'provdrift') AS trial"
        ),
        "stats.contacts a",
        "received_at >= :start AND received_at < :end",
    ),
    "answered": (
        (
            "count(*) AS answered, count(*) FILTER (WHERE waited <= :within) AS answered_in_time, "
            "avg(waited) AS answer_mean, percentile_cont(0.9) WITHIN GROUP (ORDER BY waited) AS answer_p90"
        ),
        "stats.contacts a",
        "accepted_at >= :start AND accepted_at < :end AND channel = ANY(:live)",
    ),
    "abandoned": (
        "count(*) FILTER (WHERE NOT short) AS abandoned, count(*) FILTER (WHERE short) AS abandoned_short",
        "stats.contacts a",
        "left_at >= :start AND left_at < :end AND channel = ANY(:live)",
    ),
    "ended": (
        (
            "count(*) FILTER (WHERE outcome = 'close') AS closed, count(*) FILTER (WHERE solved) AS solved, "
            "count(*) FILTER (WHERE solved_wide) AS solved_wide, "
            "count(*) FILTER (WHERE outcome = 'handover') AS handed_over, "
            "count(*) FILTER (WHERE channel = :mail) AS mails, "
            "count(*) FILTER (WHERE channel = :mail AND days <= 1) AS mails_one_day, "
            "count(*) FILTER (WHERE channel = :mail AND days <= 2) AS mails_two_days, "
            "count(*) FILTER (WHERE taken_over = 'provdrift') AS trial_ended, "
            "count(*) FILTER (WHERE taken_over = 'provdrift' AND solved) AS trial_solved, "
            "count(*) FILTER (WHERE withdrawn) AS withdrawn, "
            "count(*) FILTER (WHERE allowed IS NOT FALSE) AS allowed, "
            "count(*) FILTER (WHERE allowed IS NOT FALSE AND solved) AS allowed_solved, "
            "count(*) FILTER (WHERE outcome = 'no_show') AS no_shows, "
            "sum(handling) FILTER (WHERE outcome <> 'no_show') AS handling, "
            + ", ".join(f"count(*) FILTER (WHERE cause = '{cause}') AS {name}" for cause, name in _CAUSES.items())
        ),
        "stats.cases a",
        "ended_at >= :start AND ended_at < :end AND taken_over <> 'ej_overtagen' AND outcome NOT LIKE 'merged%'",
    ),
    "not taken over": (
        "count(*) AS not_taken_ended",
        "stats.cases a",
        "ended_at >= :start AND ended_at < :end AND taken_over = 'ej_overtagen' AND outcome NOT LIKE 'merged%'",
    ),
    "handovers": (
        (
            "avg(extract(epoch FROM took.acknowledged - a.at)) AS acknowledge_mean, "
            "avg(extract(epoch FROM took.answered - a.at)) AS handover_answer_mean, "
            "count(took.returned) AS returned"
        ),
        (
            "stats.facts a CROSS JOIN LATERAL (SELECT "
            "min(b.at) FILTER (WHERE b.type = 'handover.acknowledged') AS acknowledged, "
            "min(b.at) FILTER (WHERE b.type = 'handover.answered') AS answered, "
            "min(b.at) FILTER (WHERE b.type = 'handover.returned') AS returned "
            "FROM stats.facts b WHERE b.handover_id = a.handover_id AND b.handover_id <> '') took"
        ),
        (
            "a.type = 'case.handed_over' AND a.at >= :start AND a.at < :end AND NOT EXISTS (SELECT FROM stats.cases c "
            "WHERE c.case_id = a.case_id AND c.taken_over = 'ej_overtagen')"
        ),
    ),
}

Group = tuple[str, ...]


class FigureStore:
    """Reads key figures from the projections."""

    def __init__(self, engine: AsyncEngine, *, answer_within: float) -> None:
        self._engine = engine
        self._within = answer_within

    async def read(
        self, start: datetime, end: datetime, *, by: Collection[str] = (), units: Units = None
    ) -> list[Kpis]:
        """Return the figures of [start, end) by group; with no `by`, exactly one."""
        dims = columns_of(by)
        asked = {"start": start, "end": end, "within": self._within, "live": sorted(LIVE_CHANNELS)}
        found: dict[Group, dict[str, Any]] = {} if dims else {(): {}}
        async with self._engine.connect() as conn:
            for part in _SELECTS.values():
                await _merge(conn, part, dims, asked | {"mail": Channel.EMAIL} | bound(units), found)
        return [_kpis(dict(zip(dims, group, strict=True)), sums) for group, sums in sorted(found.items())]


async def _merge(
    conn: AsyncConnection,
    part: tuple[str, str, str],
    dims: tuple[str, ...],
    parameters: dict[str, Any],
    found: dict[Group, dict[str, Any]],
) -> None:
    what, table, where = part
    groups = "".join(f"a.{name}, " for name in dims)
    tail = f" GROUP BY {groups.rstrip(', ')}" if dims else ""
    statement = text(f"SELECT {groups}{what} FROM {table} WHERE {where} AND {WITHIN}{tail}")  # noqa: S608 - columns are whitelisted, values bound
    used = {name: value for name, value in parameters.items() if f":{name}" in statement.text}
    for row in (await conn.execute(statement, used)).mappings():
        group = tuple(row[name] for name in dims)
        found.setdefault(group, {}).update(row)


def _kpis(group: dict[str, str], sums: dict[str, Any]) -> Kpis:
    kept = {one.name: sums[one.name] for one in fields(Sums) if sums.get(one.name) is not None}
    causes = {cause: sums[name] for cause, name in _CAUSES.items() if sums.get(name)}
    return Kpis(Sums(**kept, causes=causes), group)
