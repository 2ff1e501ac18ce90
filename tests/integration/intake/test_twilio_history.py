"""Calls over Twilio whose end was lost while we were away, asked for at a stand-in for its REST API."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.channels.provider import ProviderAwayError
from services.intake.channels.twilio_history import PREFIX, TwilioHistory
from services.intake.domain.call import HangUp
from services.intake.jobs.calls import PATIENCE, ReconcileCalls
from services.intake.store.call_life import CallLife
from shared.clock import utc_now
from shared.database import make_engine
from shared.events import ContactEnded
from shared.ids import natural_contact_id
from shared.publish import Publisher, message
from shared.settings import ServiceSettings
from tests.integration.intake.doors import Intake, accepted, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.integration.intake.test_call_life import said
from tests.support.telephonies import SETTINGS, Elks, Twilio
from tests.support.templates import migrated
from tests.support.twilio_line import ACCOUNT
from tests.support.twilio_peer import TwilioPeer, record
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


def sid(number: int) -> str:
    return f"CA{number:032}"


def job(intake: Intake, life: CallLife, peer: TwilioPeer, password: str = "") -> ReconcileCalls:
    history = TwilioHistory(peer.url, ACCOUNT, "", password or peer.password, seconds=5)
    end = intake.app.state.end_call
    return ReconcileCalls(life, history, end, utc_now, 60, name="twilio", prefix=PREFIX)


async def talks(intake: Intake, number: int) -> None:
    """Ring, and be connected to an agent, of which Twilio tells at once."""
    line = Twilio(intake.client, sid(number))
    await line.ring()
    await intake.tell(message(accepted(natural_contact_id("call", line.call_id), epoch=1)))

    async def rung() -> bool:
        return (await line.waits()).what == "phone"

    await eventually(rung, timeout=15)
    assert await intake.app.state.follow_call.connected(line.call_id)


async def test_an_end_that_was_lost_is_found_at_twilio_once_and_a_twilio_that_is_away_is_left_in_peace(
    settings: ServiceSettings, stocked: Publisher, read_contacts: ReadContacts
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    engine = make_engine(settings, "test")
    async with started(intake_settings(settings, **SETTINGS), stocked) as intake, TwilioPeer(page=3) as peer:
        await talks(intake, 1)
        for number in (2, 3):
            await Twilio(intake.client, sid(number)).ring()
        await Elks(intake.client).ring()
        peer.calls = [record(sid(1), "completed", ago=30, duration=25), record(sid(3), "no-answer", ago=29)]
        peer.calls += [record(f"CAleg{ago}", "completed", ago=ago, parent=sid(1), duration=ago) for ago in (20, 5)]
        peer.calls += [record(sid(2), "in-progress"), record("CAleg3", "busy", ago=9, parent=sid(2))]
        peer.calls += [record(sid(100 + number), "completed", ago=ago) for number, ago in enumerate([1] * 5 + [60] * 9)]
        reconcile = job(intake, CallLife(engine), peer)
        wanted = frozenset(PREFIX + sid(number) for number in (1, 2, 3))
        known = [end async for end in reconcile.history.ended(utc_now() - timedelta(minutes=5), wanted)]
        assert known == [
            HangUp(PREFIX + sid(3), "success", (0.0,)),
            HangUp(PREFIX + sid(1), "success", (5.0, 20.0)),
        ]
        assert len(peer.asked) == 4, "no further than needed"

        assert await reconcile.once() == 2
        assert [await reconcile.once(), await reconcile.once(older=3600)] == [0, 0]
        ends = await eventually(lambda: both(read_contacts), timeout=15)
        assert {(end.contact_id, bool(end.talk_seconds), end.abandoned) for end in ends} == {
            (natural_contact_id("call", PREFIX + sid(1)), True, False),
            (natural_contact_id("call", PREFIX + sid(3)), False, True),
        }
        assert await Twilio(intake.client, sid(1)).hang_up() == 204, "told late, it is nothing new"

        peer.calls.append(record(sid(2), "completed", ago=0))
        await is_left_in_peace(reconcile, peer)
        with pytest.raises(ProviderAwayError):
            await job(intake, CallLife(engine), peer, "fel").once()
        await reconcile.round()
        assert (await reconcile.check(), reconcile.pause) == (None, reconcile.every)
        assert len(await eventually(lambda: all_three(read_contacts), timeout=15)) == 3
    await engine.dispose()


async def is_left_in_peace(reconcile: ReconcileCalls, peer: TwilioPeer) -> None:
    """Go through an outage of the provider: it is said, and asked more seldom."""
    for status in (503, 401, 0):
        peer.status = status
        with pytest.raises(ProviderAwayError):
            await reconcile.once()
    for number in range(PATIENCE):
        assert reconcile.pause == reconcile.every, number
        await reconcile.round()
        assert "twilio" in str(await reconcile.check())
    assert reconcile.pause == reconcile.rest > reconcile.every
    hanging = replace(reconcile, deadline=0.0)
    await hanging.round()
    assert "twilio" in str(await hanging.check())
    peer.status = 200


async def both(read_contacts: ReadContacts, count: int = 2) -> list[ContactEnded]:
    ends = await said(read_contacts, ContactEnded)
    return ends if len(ends) == count else []


async def all_three(read_contacts: ReadContacts) -> list[ContactEnded]:
    return await both(read_contacts, 3)
