"""The days of a mailbox are counted in the database: what another mailbox has many of hides nothing of them."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain.outcome import Spot, swedish_day
from services.intake.domain.reconciliation import Difference, Kind
from services.intake.store.checks import Check, Checks
from services.intake.store.ledger import Ledger
from services.intake.usecases.mail_overview import MOST, MailOverview
from tests.integration.intake.conftest import Post

pytestmark = pytest.mark.integration


async def test_a_mailbox_with_very_many_differences_hides_none_of_another(post: Post) -> None:
    now = datetime.now(UTC)
    checks, days = Checks(post.engine), [swedish_day(now - timedelta(days=1)), swedish_day(now)]
    many = [Difference(Kind.UNKNOWN, Spot("a@m", 1, uid), now - timedelta(days=1)) for uid in range(1, 1501)]
    await checks.write(Check("a@m", now), many)
    await checks.write(Check("b@m", now), [Difference(Kind.WAITING, Spot("b@m", 1, 1), now)])
    shown = await MailOverview({}, Ledger(post.engine), checks, post.health).view(*days)
    told = {box.name: [(day.day, day.difference, day.listed) for day in box.days] for box in shown.boxes}
    assert told == {"a@m": [(days[0], 1500, 1500)], "b@m": [(days[1], 1, 1)]}
    assert len(shown.differences) == MOST
    await checks.write(Check("a@m", now), many[1:])
    assert sum(one.count for one in await checks.counts()) == 1500
