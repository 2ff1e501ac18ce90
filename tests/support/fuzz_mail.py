"""Coverage-guided fuzzing of the mail reader: `python -m tests.support.fuzz_mail <corpus> -max_total_time=600`.

The first bytes of an input choose a mail made by structure, the rest are a mail as it is, or wounds.
"""

import random
import sys

import atheris

with atheris.instrument_imports(include=["services.intake.domain", "email"]):
    from services.intake.domain import bounce, mail
    from services.intake.domain.automatic import why_automatic

from tests.support.mail_maker import Maker, damaged

MAX_INPUT = 6_000


def one(data: bytes) -> None:
    """Read one mail: an exception, also one that the reader would have fallen back from, is a finding."""
    raw = data[1:]
    if data[:1] > b"\xc0":
        dice = random.Random(data[1:5])
        raw = damaged(Maker(dice).mail().raw + data[5:], dice)
    read = mail._read(raw)
    bounce.find(read)
    why_automatic(read)
    assert bool(read.own) == bool(read.full)
    "".join((read.own, read.full, read.subject, read.sender_address or "", read.message_id)).encode()
    mail.nothing(raw)


if __name__ == "__main__":
    atheris.Setup([*sys.argv, f"-max_len={MAX_INPUT}"], one)
    atheris.Fuzz()
