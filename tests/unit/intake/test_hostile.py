"""No mail takes long to read, however it is made: every pass is linear or cut.

What takes time by the square of these sizes takes minutes, and the test's own time limit ends it; what is counted is
the work at two sizes. No clock is asked.
"""

import sys

import pytest

from services.intake.domain import bounce, mail
from services.intake.domain.automatic import why_automatic
from tests.support.hostile_shapes import SHAPES, Shape

MANY = 50_000


def understand(raw: bytes) -> None:
    read = mail._read(raw)
    bounce.find(read)
    why_automatic(read)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_it_is_read_in_bounded_time(shape: Shape) -> None:
    understand(shape(MANY))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["empty lines", "wrote", "statuses", "references"])
def test_a_report_is_read_in_bounded_time(name: str) -> None:
    understand(SHAPES[name](MANY).replace(b"anna@example.se", b"mailer-daemon@x.se"))


def work(raw: bytes) -> int:
    """Return how many functions of Python and C are called to read a mail."""
    calls = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        mail._read(raw)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_four_times_the_mail_is_at_most_four_times_the_work(shape: Shape) -> None:
    once, fourfold = work(shape(1_000)), work(shape(4_000))
    assert fourfold < 4.5 * once + 1_000
