"""Any mail: made by structure, then damaged. Nothing raises, nothing is lost, and every event can be written."""

import os
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.intake.domain import bounce, mail
from services.intake.domain.automatic import why_automatic
from shared.events import ContactReceived, Sender
from shared.vocabulary import Channel
from tests.support.mail_maker import Maker, damaged
from tests.unit.intake.test_receive import NOW

SEEDS = st.integers(min_value=0, max_value=2**32)
FUZZ_SECONDS = int(os.environ.get("KC_FUZZ_SECONDS", "600"))
HERE = (str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", ""))
RUN_HERE = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, HERE))}
CUTS = {"parts_cut", "attachments_cut", "text_cut"}


def understood(raw: bytes) -> mail.Mail:
    """Read a mail by the reader alone: the fallback for what it cannot read must not be needed."""
    read = mail._read(raw)
    bounce.find(read)
    why_automatic(read)
    assert bool(read.own) == bool(read.full)
    assert "\x00" not in read.full + read.subject
    assert len(read.full) <= mail.MAX_FULL_TEXT
    assert read.sent_at is None or read.sent_at.tzinfo
    event = ContactReceived(
        contact_id="c",
        channel=Channel.EMAIL,
        entrance="e",
        unit="u",
        received_at=NOW,
        sender=Sender(name=read.sender_name, email=read.sender_address),
        subject=read.subject,
        text=read.own,
        full_text=read.full,
        message_id=read.message_id,
        references=read.references,
        flags=read.flags,
    )
    assert event.model_dump_json().encode()
    for file in read.files:
        assert file.name
        assert not set(file.name) & set('/\\\x00\r\n"<>')
        (file.name + file.content_type + (file.content_id or "")).encode()
    return read


def nothing_is_lost(seed: int) -> None:
    made = Maker(random.Random(seed)).mail()
    read = understood(made.raw)
    held = read.full.encode() + b"".join(file.data for file in read.files)
    lost = [word for word in made.ascii if word.encode() not in held]
    # A forwarded mail is kept as it came: what is encoded in it is in the file, not readable by a search for bytes.
    within = b"message/rfc822" in made.raw
    assert not lost or set(read.flags) & CUTS or within, lost
    if not within and not set(read.flags) & CUTS:
        files = b"".join(file.data for file in read.files).decode("latin-1")
        assert all(" ".join(one.split()) in " ".join(read.full.split()) or "ord" in files for one in made.swedish)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_every_word_and_every_swedish_letter_of_any_mail_is_found(seed: int) -> None:
    nothing_is_lost(seed)


@given(SEEDS)
@settings(max_examples=250, deadline=None)
def test_a_damaged_mail_raises_nothing_and_becomes_an_event(seed: int) -> None:
    dice = random.Random(seed)
    understood(damaged(Maker(dice).mail().raw, dice))


@given(st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
@example(b"From: \xc3\xa5sa@ex\xc3\xa4mple.se", b"")
@example(b"Content-Type: text/html", b"&#" + b"1" * 5000)
def test_any_header_above_any_body_raises_nothing(head: bytes, body: bytes) -> None:
    understood(head + b"\r\n\r\n" + body)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_mails() -> None:
    for seed in range(50_000):
        nothing_is_lost(seed)
        dice = random.Random(seed)
        understood(damaged(Maker(dice).mail().raw, dice))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this Python or machine")
def test_mails_that_coverage_leads_to(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for seed in range(200):
        (corpus / str(seed)).write_bytes(b"\x00" + Maker(random.Random(seed)).mail().raw)
    command = [sys.executable, "-m", "tests.support.fuzz_mail", str(corpus), f"-max_total_time={FUZZ_SECONDS}"]
    run = subprocess.run([*command, "-timeout=20"], cwd=tmp_path, env=RUN_HERE, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode(errors="replace")[-3000:]
