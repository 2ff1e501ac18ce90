"""The invented past: as many contacts as the demo will play, at its own pace and time, and never the spike."""

import csv
from collections import Counter
from datetime import datetime, timedelta

import pytest

from deploy.demo.citizens import NUMBERS
from deploy.demo.day import DayPlan
from deploy.demo.messages import COLD, CitizenMessage, Crowd, load, shares
from deploy.demo.past import Past, Row, cell_of, write
from shared.clock import STOCKHOLM
from shared.ids import case_type_id

MESSAGES, SHARES = load(), shares()
BEGIN = datetime(2026, 11, 4, 14, 2, 30, tzinfo=STOCKHOLM)  # ten days after the end of summer time
PLAN = DayPlan(contacts=240, speed=60)


def past(plan: DayPlan = PLAN, days: int = 20, seed: int = 7) -> list[Row]:
    return list(Past(plan, BEGIN, days).rows(Crowd(MESSAGES, SHARES, seed=seed)))


def local(row: Row) -> datetime:
    return datetime.fromisoformat(row[0]).astimezone(STOCKHOLM)


def test_the_same_seed_invents_the_same_past():
    assert past(days=3) == past(days=3)
    assert past(days=3) != past(days=3, seed=8)


def test_each_day_has_what_the_demo_will_play_without_the_spike():
    counted = Counter[str]()
    for row in past():
        counted[local(row).date().isoformat()] += row[4]
    assert len(counted) == 20
    assert sum(counted.values()) / 20 == pytest.approx(240, rel=0.05)


def test_it_lies_at_the_demo_s_time_on_the_wall_whatever_the_clock_was():
    rows = past()
    assert {local(row).date() for row in rows} == {BEGIN.date() - timedelta(days=back) for back in range(1, 21)}
    assert {(local(row).hour, local(row).minute) for row in rows} == {(14, 0), (14, 5), (14, 10)}
    assert Past(PLAN, BEGIN).end == BEGIN + timedelta(minutes=9)


def test_the_busy_five_minutes_are_those_of_the_day_s_morning():
    counted = Counter[int]()
    for row in past():
        counted[local(row).minute] += row[4]
    pace = {minute: count / 20 for minute, count in counted.items()}
    assert pace[0] == pytest.approx(240 * 0.35, rel=0.25)  # two and a half minutes: until half past ten
    assert pace[5] > pace[10]


def test_the_spike_is_no_part_of_the_past():
    cold = sum(row[4] for row in past() if row[3] == case_type_id(COLD))
    assert cold / 20 < 4


@pytest.mark.parametrize(
    ("channel", "unit", "path"),
    [
        ("phone", "bostadsbolag", ""),
        ("e_service", "bostadsbolag", case_type_id(COLD)),
        ("email", "kontaktcenter", case_type_id(COLD)),
        ("visit", "kontaktcenter", case_type_id(COLD)),
    ],
)
def test_a_contact_is_counted_at_its_entrance_and_a_caller_has_said_nothing_yet(channel: str, unit: str, path: str):
    assert cell_of(CitizenMessage(channel, "", "Det är kallt", COLD)) == (unit, path)


def test_who_has_no_number_of_its_own_is_rung_by_the_switchboard():
    other = next(message for message in MESSAGES if message.unit not in NUMBERS)
    assert cell_of(CitizenMessage("phone", "", "", other.path)) == ("kontaktcenter", "")


def test_the_file_is_what_import_history_reads(tmp_path):
    rows = past(days=2)
    assert write(tmp_path / "past.csv", rows) == len(rows)
    with (tmp_path / "past.csv").open(encoding="utf-8", newline="") as lines:
        read = list(csv.DictReader(lines))
    assert tuple(read[0]) == ("start", "channel", "unit", "case_type", "count")
    assert sum(int(row["count"]) for row in read) == sum(row[4] for row in rows)
