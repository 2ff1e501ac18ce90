"""Known volumes from before the move teach what is normal, all of a file or nothing."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from services.stats.store.series import SeriesStore
from services.stats.usecases.import_history import BrokenHistoryError, ImportHistory
from services.stats.usecases.normal import Normal
from shared.clock import STOCKHOLM
from tests.support.wait import eventually

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 25, 10, 2, tzinfo=STOCKHOLM)


def csv(days: int) -> bytes:
    rows = [
        f"{(NOW - timedelta(days=back)):%Y-%m-%d}T10:{minute:02}:00,{4 + back % 2},bostad"
        for back in range(1, days + 1)
        for minute in range(0, 60, 5)
    ]
    return "\n".join(["start,count,unit", *rows]).encode()


async def test_the_old_counts_are_normal_from_the_first_day(stats_engine):
    series = SeriesStore(stats_engine)
    assert await ImportHistory(series).read(csv(14)) == 14 * 12
    assert await ImportHistory(series).read(csv(14)) == 14 * 12
    learnt = await Normal(series).of(("unit",), NOW)
    expected = learnt.series[("unit", "bostad"),]
    assert expected.mean(2, 120, 12) == pytest.approx(54, rel=0.15)


async def test_an_import_is_known_without_a_restart(stats_engine):
    series = SeriesStore(stats_engine)
    normal = Normal(series)
    assert (await normal.of(("unit",), NOW)).series == {}
    await ImportHistory(series).read(csv(14))

    async def learnt():
        return (await normal.of(("unit",), NOW)).series

    assert ("unit", "bostad") in next(iter(await eventually(learnt, timeout=20)))


async def test_a_broken_file_says_every_line_and_imports_nothing(stats_engine):
    broken = b"start,count,channel\n2026-11-01T08:00,3,phone\nyesterday,3,phone\n2026-11-01T08:05,-1,phone\n,,\n"
    with pytest.raises(BrokenHistoryError) as error:
        await ImportHistory(SeriesStore(stats_engine)).read(broken)
    assert [line.split(":")[0] for line in error.value.lines] == ["line 3", "line 4", "line 5"]
    async with stats_engine.connect() as conn:
        assert await conn.scalar(text("SELECT count(*) FROM stats.history")) == 0
