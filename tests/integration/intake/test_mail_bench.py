"""The benchmark of mail runs and says what it promises to; with so little to do that its figures mean nothing."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.bench import mail_letters
from tests.support.dovecot import needs_dovecot

pytestmark = pytest.mark.integration


def ran(*arguments: str, within: float = 60) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.mail", *arguments],
        capture_output=True,
        text=True,
        timeout=within,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


@pytest.mark.parametrize("size", [2_048, 4_096, 200_000])
def test_the_mails_of_the_benchmark_have_the_size_that_is_asked_for(size: int):
    made = list(mail_letters.letters(4, size, run="prov", to="kontakt@kommun.example"))
    assert len({one.message_id for one in made}) == 4
    assert all(abs(len(one.data) - size) < 200 for one in made)
    assert all(b"\n" not in one.data.replace(b"\r\n", b"") for one in made)


def test_the_benchmark_of_parsing_runs():
    said = ran("--only", "parse", "--parsed", "2")
    assert {*said["parse_ms"]} == {"p50", "p95", "p95_of_kind"}


@pytest.mark.long
@pytest.mark.timeout(400)
@needs_dovecot
def test_the_benchmark_of_mail_loses_and_doubles_nothing():
    little = ("--mails", "30", "--large-mails", "3", "--sent", "5", "--parsed", "2")
    said = ran("--house", "own", *little, within=380)
    assert (said["lost"], said["duplicates"]) == (0, 0)
    assert said["mails_per_s"] > 0
    assert (said["large"]["lost"], said["latency_ms"]["lost"]) == (0, 0)
    assert said["baseline"]["importer_per_s"] > 0
    # Memory, unlike time, is the same on a busy machine.
    assert said["memory_mb"]["peak"] <= 250
    assert said["memory_mb"]["kept"] <= 60


@pytest.mark.long
@pytest.mark.timeout(600)
@needs_dovecot
def test_memory_is_flat_over_many_mails():
    said = ran("--soak", "8000", within=580)["soak"]
    assert said["mails"] == 8000
    assert said["mb_at_end"] - said["mb_at_a_third"] < 15
