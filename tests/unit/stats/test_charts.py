"""The chart holds the whole day, and the streams are summed right."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import numpy as np

from services.stats.domain.streams import Position, Sample, streams_of
from services.stats.usecases.board import Curve
from services.stats.web.charts import HEIGHT, WIDTH, day_chart, frame_of

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def test_an_empty_day_shows_office_hours():
    frame = frame_of(Curve([0] * 109, 108))
    assert (frame.first, frame.last, frame.top) == (96, 204, 4)


def test_a_night_contact_and_a_late_evening_are_inside():
    counts = [0] * 288
    counts[3] = 7
    frame = frame_of(Curve(counts, 287))
    assert (frame.first, frame.last) == (0, 288)
    assert frame.top >= 7
    assert frame.hours[-1] == 288


def test_the_drawing_is_well_formed_and_inside_its_frame():
    mean = np.zeros(288)
    mean[96:204] = 8
    curve = Curve([9] * 150, 149, mean, mean * 0.4, mean * 1.8)
    root = ET.fromstring(str(day_chart(curve, "I dag <mot> det normala", 140)))  # noqa: S314 - our own drawing
    points = [pair.split(",") for node in root.iter() for pair in node.get("points", "").split()]
    assert points
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in points)
    kinds = {node.get("class") for node in root.iter()}
    assert {"band", "usual", "seen", "alarmed", "now"} <= kinds
    assert not any(node.get("style") for node in root.iter())


def test_lag_rate_and_age_are_summed_over_partitions():
    def sample(at: datetime, done: int) -> Sample:
        first = Position(done, 0, done + 10, at - timedelta(seconds=40))
        second = Position(None, 5, 8)
        return Sample(
            at, {("routing", "stats.routing", 0): first, ("routing", "stats.routing", 1): second}, {"routing": 2}
        )

    (stream,) = streams_of(sample(AT + timedelta(seconds=10), 300), sample(AT, 100))
    assert (stream.lag, stream.rate, stream.written, stream.dead) == (13, 20.0, 20.0, 2)
    assert stream.oldest == AT - timedelta(seconds=30)
    assert stream.service == "stats"
    (alone,) = streams_of(sample(AT, 100), None)
    assert alone.rate is None
