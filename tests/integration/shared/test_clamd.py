"""The scanner at a real clamd with a signature of our own; a verdict is given or it is none, never an error."""

import asyncio
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from signal import SIGCONT, SIGSTOP

import pytest

from shared.clamd import Clamd, Verdict, outdated
from tests.support.clamd import LARGEST, MALWARE, Scanner, clamd, needs_clamd
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, needs_clamd]


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    with clamd() as running:
        yield running


def client(scanner: Scanner, *, deadline: float = 20) -> Clamd:
    return Clamd(str(scanner.socket), deadline=deadline, rest=0)


def packed(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("brev.txt", data)
    return file.getvalue()


@pytest.mark.parametrize("data", [b"", b"hej", b"x" * 64 * 1024, b"y" * 300_000], ids=len)
async def test_clean_is_clean_at_any_number_of_pieces(scanner: Scanner, data: bytes) -> None:
    assert await client(scanner).scan(data) == Verdict("clean")


@pytest.mark.parametrize("wrap", [bytes, packed, lambda data: b"z" * 200_000 + data], ids=["plain", "zip", "late"])
async def test_what_a_signature_knows_is_infected(scanner: Scanner, wrap: Callable[[bytes], bytes]) -> None:
    verdict = await client(scanner).scan(wrap(MALWARE))
    assert verdict == Verdict("infected", "Prov.Smitta-1.UNOFFICIAL")


async def test_a_file_above_the_stream_limit_has_no_verdict_and_the_next_one_has(scanner: Scanner) -> None:
    asked = client(scanner)
    assert (await asked.scan(b"x" * (LARGEST * 3))).scan == "failed"
    assert await asked.scan(b"hej") == Verdict("clean")


@pytest.mark.parametrize("data", [b"x" * (LARGEST - 1000), packed(b"x" * LARGEST)], ids=["file", "unpacked"])
async def test_a_file_that_is_looked_at_in_part_is_not_called_clean(scanner: Scanner, data: bytes) -> None:
    verdict = await client(scanner).scan(data)
    assert verdict.scan == "failed"
    assert "Limits.Exceeded" in verdict.said


async def test_many_at_once_each_have_their_own_verdict(scanner: Scanner) -> None:
    asked = client(scanner)
    files = [MALWARE if number % 3 == 0 else b"hej %d" % number for number in range(40)]
    verdicts = await asyncio.gather(*(asked.scan(file) for file in files))
    assert [one.scan for one in verdicts] == ["infected" if file is MALWARE else "clean" for file in files]


async def test_a_scanner_that_hangs_has_no_verdict_and_holds_nobody_up_the_second_time() -> None:
    with clamd() as hanging:
        assert hanging.running
        asked = client(hanging, deadline=0.3)
        process = hanging.running.process
        process.send_signal(SIGSTOP)
        try:
            assert await asked.scan(b"hej") == Verdict("failed", "TimeoutError")
            assert await asked.check() is not None
            assert await asked.scan(b"hej") == Verdict("failed", "away")
        finally:
            process.send_signal(SIGCONT)
        assert await client(hanging).scan(b"hej") == Verdict("clean")


async def test_killed_in_the_middle_it_has_no_verdict_and_started_again_it_has() -> None:
    with clamd() as mortal:
        assert mortal.running
        asked = client(mortal)
        mortal.running.process.send_signal(SIGSTOP)  # so that the question is surely under way
        waiting = asyncio.create_task(asked.scan(b"x" * 900_000))
        await eventually(lambda: asked._turn._value < 4)
        mortal.running.kill()
        assert (await waiting).scan == "failed"
        assert (await asked.scan(b"hej")).scan == "failed"
        assert "files wait unscanned" in (await asked.check() or "")
        await asyncio.to_thread(mortal.running.again)
        assert await asked.check() is None
        assert await asked.scan(MALWARE) == Verdict("infected", "Prov.Smitta-1.UNOFFICIAL")


async def test_a_caller_in_a_hurry_waits_as_long_as_it_will_and_the_next_one_not_at_all() -> None:
    with clamd() as hanging:
        assert hanging.running
        asked = Clamd(str(hanging.socket), rest=600)
        hanging.running.process.send_signal(SIGSTOP)
        try:
            assert (await asked.scan(b"hej", within=0.2)).scan == "failed"
            assert (await asked.scan(b"hej", within=0.2)).scan == "failed"
            assert await asked.scan(b"hej") == Verdict("failed", "away")
        finally:
            hanging.running.process.send_signal(SIGCONT)


async def test_a_caller_in_too_much_of_a_hurry_takes_the_scanner_from_nobody(scanner: Scanner) -> None:
    asked = client(scanner)
    assert (await asked.scan(b"hej", within=0)).scan == "failed"
    assert await asked.scan(b"hej") == Verdict("clean")


async def test_its_health_is_told_with_the_age_of_its_signatures(scanner: Scanner) -> None:
    assert await client(scanner).health() is None, "signatures of one's own have no day"
    now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert outdated("ClamAV 1.4.6/27834/Mon Nov 30 08:00:01 2026", now) is None
    assert "2026-11-02" in (outdated("ClamAV 1.4.6/27801/Mon Nov  2 08:00:01 2026", now) or "")


async def test_where_nobody_listens_there_is_no_verdict(tmp_path) -> None:
    assert (await Clamd(str(tmp_path / "none.sock")).scan(b"hej")).scan == "failed"
