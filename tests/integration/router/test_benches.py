"""The router's benchmarks run, and say what they promise to; with so little to do that their figures mean nothing."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

QUICK = {
    "matches": (["--agents", "30", "--waiting", "100", "--few", "20", "--pulls", "20", "--repeat", "1"], "ratio"),
    "rebuild": (["--contacts", "200"], "answering_s"),
    "waiters": (["--agents", "10"], "kb_per_waiter"),
}
SLOW = {
    "pull": (
        ["--agents", "5", "--waiting", "100", "--cycles", "50", "--rate", "20", "--seconds", "1", "--hops", "10"],
        "cycles_per_s",
    ),
    "waking": (["--agents", "10", "--contacts", "20", "--herd", "40", "--times", "1"], "p50_ms"),
    "consume": (["--contacts", "500"], "contacts_per_s"),
}


def ran(name: str, arguments: list[str]) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{name}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    said: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


@pytest.mark.parametrize("name", QUICK)
def test_a_benchmark_runs(name: str):
    arguments, key = QUICK[name]
    assert ran(name, arguments)[key]


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW)
def test_a_slower_benchmark_runs(name: str):
    arguments, key = SLOW[name]
    assert ran(name, arguments)[key]
