import asyncio

import pytest

from services.router.store.watermark import Watermark
from shared.errors import LogUnavailableError


async def test_who_waits_goes_on_when_the_relay_has_passed():
    mark = Watermark()
    first, second = (asyncio.create_task(mark.passed(each, 5)) for each in ("10-1", "10-2"))
    await asyncio.sleep(0)
    mark.advance("10-1")
    await first
    assert not second.done()
    mark.advance("11-0")
    await second


async def test_what_has_passed_is_not_waited_for():
    mark = Watermark()
    mark.advance("10-10")
    await mark.passed("10-9", 0)
    await mark.passed("", 0)


async def test_a_relay_that_does_not_come_is_an_error_that_may_be_tried_again():
    with pytest.raises(LogUnavailableError):
        await Watermark().passed("1-0", 0.01)
