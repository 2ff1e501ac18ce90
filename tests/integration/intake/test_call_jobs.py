"""Calls that telephony is silent about: a phone that rings no more, and ends that were lost while we were away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from services.intake.channels.elks_history import MOST_PAGES, ElksHistory
from services.intake.channels.provider import ProviderAwayError
from services.intake.jobs.calls import LONGEST, EndSilent, ReconcileCalls, WatchRinging
from services.intake.store.call_life import CallLife
from shared.clock import utc_now
from shared.database import make_engine
from shared.events import CallConnected, ContactEnded
from shared.ids import natural_contact_id
from shared.publish import message
from shared.settings import ServiceSettings
from tests.integration.intake.doors import Intake, accepted
from tests.integration.intake.reading import ReadContacts
from tests.integration.intake.test_call_life import CONTACT, RING, connected, said
from tests.support.elks_peer import ElksPeer, moment
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


def known(call_id: str, state: str, *, ago: float = 10, **more: Any) -> dict[str, Any]:
    created = moment(datetime.now(UTC) - timedelta(seconds=ago))
    more = ({"duration": 7} if state == "success" else {}) | more
    return {"id": call_id, "direction": "incoming", "created": created, "state": state, **more}


def job(intake: Intake, life: CallLife, peer: ElksPeer, password: str = "hemligt") -> ReconcileCalls:
    history = ElksHistory(peer.url, peer.user, password, seconds=5)
    return ReconcileCalls(life, history, intake.app.state.end_call, utc_now)


async def test_a_phone_of_which_nothing_is_heard_for_longer_than_it_can_ring_is_through(
    intake: Intake, settings: ServiceSettings, read_contacts: ReadContacts
):
    await intake.ring(**RING)
    await connected(intake)
    engine = make_engine(settings, "test")
    watch = WatchRinging(CallLife(engine), intake.app.state.follow_call, utc_now)
    assert await watch.once() == 0
    later = replace(watch, clock=lambda: utc_now() + timedelta(seconds=66))
    assert [await later.once(), await later.once()] == [1, 0]
    [through] = await eventually(lambda: said(read_contacts, CallConnected), timeout=15)
    assert (through.epoch, through.exact) == (1, False)
    await engine.dispose()


async def test_calls_that_ended_while_we_were_away_are_ended_once(
    intake: Intake, settings: ServiceSettings, read_contacts: ReadContacts
):
    for call in ("c01", "c02", "c03"):
        await intake.ring(**{**RING, "callid": call})
    engine = make_engine(settings, "test")
    async with ElksPeer() as peer:
        legs = [{"duration": 7, "to": "+46701740605", "state": "success"}]
        peer.calls = [known("c01", "success", legs=legs), known("c02", "ongoing"), known("strange", "failed")]
        peer.calls += [known(f"other{number}", "success", ago=1) for number in range(150)]
        reconcile = job(intake, CallLife(engine), peer)
        assert await reconcile.once() == 1
        assert len(peer.asked) == 2
        assert await reconcile.once() == 0
        assert await reconcile.once(older=3600) == 0
        peer.calls[1] = known("c02", "success", duration=None)
        assert await reconcile.once() == 0, "what has no duration may still go on"
        [ended] = await eventually(lambda: said(read_contacts, ContactEnded), timeout=15)
        assert ended.contact_id == natural_contact_id("call", "c01")
        assert (await intake.ring("hangup", id="c01", state="success")).status_code == 204
        peer.calls[1] = known("c02", "busy")
        assert await reconcile.once() == 1
    await engine.dispose()


async def test_a_history_that_does_not_answer_or_has_no_end_is_said_and_harms_nothing(
    intake: Intake, settings: ServiceSettings
):
    await intake.ring(**RING)
    engine = make_engine(settings, "test")
    async with ElksPeer() as peer:
        reconcile = job(intake, CallLife(engine), peer)
        for status in (503, 0, 401):
            peer.history_status = status
            with pytest.raises(ProviderAwayError):
                await reconcile.once()
        peer.history_status = 200
        with pytest.raises(ProviderAwayError):
            await job(intake, CallLife(engine), peer, "fel").once()
        await intake.ring(**{**RING, "callid": "c02"})
        peer.calls = [known(f"o{number}", "success", ago=number / 100) for number in range(MOST_PAGES * 100)]
        peer.calls += [known("c02", "busy", ago=0), known("c01", "ongoing", ago=30)]
        peer.asked.clear()
        with pytest.raises(ProviderAwayError):
            await reconcile.once()
        assert len(peer.asked) == MOST_PAGES
        assert await CallLife(engine).open_since(utc_now() - LONGEST, utc_now()) == (["c01"], ANY)
    await engine.dispose()


async def test_a_call_that_asks_no_more_is_over_and_one_that_talks_is_left_alone_for_a_day(
    intake: Intake, settings: ServiceSettings, read_contacts: ReadContacts
):
    await intake.ring(**RING)
    await connected(intake)
    await intake.tell(message(accepted(CONTACT, epoch=2)))  # moved, while they talk
    await intake.ring(**{**RING, "callid": "c02"})
    engine = make_engine(settings, "test")
    silent = EndSilent(CallLife(engine), intake.app.state.end_call, utc_now)
    assert await silent.once() == 0
    later = replace(silent, clock=lambda: utc_now() + timedelta(minutes=16))
    assert [await later.once(), await later.once()] == [1, 0]
    [ended] = await eventually(lambda: said(read_contacts, ContactEnded), timeout=15)
    assert (ended.contact_id, ended.abandoned) == (natural_contact_id("call", "c02"), True)
    much_later = replace(silent, clock=lambda: utc_now() + LONGEST)
    assert [await much_later.once(), await much_later.once()] == [1, 0]
    await engine.dispose()
