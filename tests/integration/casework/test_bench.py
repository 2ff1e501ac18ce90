"""The benchmark of cases runs and says what it promises to; with so little to do that its figures mean nothing."""

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

LITTLE = ("--cases", "400", "--rounds", "1", "--open", "60", "--deeds", "4", "--searches", "4", "--events", "40")


@pytest.mark.long
def test_the_benchmark_of_cases_runs():
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.cases", *LITTLE], capture_output=True, text=True, timeout=280, check=True
    )
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert said["opened_per_s"] > 0
    assert (said["lost"], said["outbox_ms"]["lost"]) == (0, 0)
    assert {*said["search"]} == {*said["baseline"]["search_ilike_ms_p50"]}
    assert all(said[f"{deed}_ms"]["p95"] > 0 for deed in ("reply", "handover", "close"))
    assert said["recall_first_5"]["as it is"] == 100


@pytest.mark.long
def test_the_benchmark_of_the_desk_runs():
    little = ("--cases", "400", "--agents", "2", "--full", "3", "--think", "0.3", "--seconds", "3", "--calls", "2")
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.desk", *little], capture_output=True, text=True, timeout=280, check=True
    )
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert (said["refused"], said["requests"] > 0) == (0, True)
    assert all(said["pages_ms"][page]["p95"] > 0 for page in ("desk", "case"))
    assert said["browser"].get("outside", 0) == 0
    assert said["browser"].get("first_load_bytes", 0) <= 120_000
