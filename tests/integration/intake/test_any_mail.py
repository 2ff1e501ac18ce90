"""Any mail through the real door: mails made and wounded by dice, and hostile shapes, lie in a real Dovecot."""

import random

import pytest
from sqlalchemy import text

from deploy.local.part import HOST
from services.intake.channels.account import Account, Security
from services.intake.channels.mailbox import Mailbox
from shared.events.base import ByContact
from tests.integration.intake.conftest import Post
from tests.integration.intake.reading import ReadContacts
from tests.integration.intake.test_mailbox import running
from tests.support.dovecot import Dovecot, needs_dovecot, password_of
from tests.support.hostile_shapes import SHAPES
from tests.support.mail_maker import Maker, damaged
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, needs_dovecot]

SEEDS = range(60)


def wounded(seed: int) -> bytes:
    dice = random.Random(seed)
    return damaged(Maker(dice).mail().raw, dice).replace(b"\x00", b"\x01") or b"x"  # IMAP's literals hold no NUL


async def test_every_mail_becomes_a_contact_and_none_stops_those_behind_it(
    dovecot: Dovecot, post: Post, read_contacts: ReadContacts
) -> None:
    user = dovecot.new_user()
    raws = [*(shape(2_000).replace(b"<1@x>", b"<%d@x>" % n) for n, shape in enumerate(SHAPES.values()))]
    raws += [wounded(seed) for seed in SEEDS]
    dovecot.append(user, [*raws, b"Message-ID: <last@example.se>\r\nFrom: anna@example.se\r\n\r\nDen sista\r\n"])
    account = Account(HOST, dovecot.port, user, password_of(user), security=Security.NONE, timeout=10)
    async with running(post.poll(mailbox=Mailbox(account))):
        await eventually(lambda: dovecot.holds(user, "Behandlat", len(raws) + 1), timeout=90)
    assert dovecot.count(user) == 0
    async with post.engine.connect() as connection:
        rows = await connection.execute(text("SELECT outcome, count(*) FROM mails GROUP BY 1"))
    counts: dict[str, int] = {row[0]: row[1] for row in rows}
    assert sum(counts.values()) == len(raws) + 1
    assert "quarantined" not in counts, counts
    contacts = {one.event.contact_id for one in await read_contacts() if isinstance(one.event, ByContact)}
    assert len(contacts) == len(raws) + 1 - counts.get("duplicate", 0)
