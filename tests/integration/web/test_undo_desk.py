"""The strip that takes a close or a hand-over back, at the desk without scripts."""

import re

import pytest

from shared.clock import utc_now
from shared.events import OfferAccepted
from shared.vocabulary import Channel
from tests.support.web import MARIA, post

pytestmark = pytest.mark.integration
NUMBER = "KC-2026-000001"


async def test_a_close_is_taken_back_from_the_strip_and_the_agent_was_free_at_once(house, client):
    contact = await house.arrive(Channel.PHONE, phone="+46701740605")
    who = {
        "offer_id": "o",
        "agent_id": MARIA.id,
        "channel": Channel.PHONE,
        "waited_seconds": 3,
        "queue": "bostadsbolag",
    }
    await house.casework.follow_routing.run([OfferAccepted(contact_id=contact, epoch=2, at=utc_now(), **who)])
    done = await post(client, f"/desk/cases/{NUMBER}/close", resolution="lost_av_kc", request_id="r")
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    assert house.router.completed == [contact]
    desk = (await client.get("/desk")).text
    assert f"Ärendet {NUMBER} är avslutat." in desk
    assert re.search(r'id="work" class="idle"', desk)
    [undo] = re.findall(r'name="undo_id" value="([\w-]+)"', desk)
    back = await post(client, f"/desk/cases/{NUMBER}/undo", undo_id=undo)
    assert (back.status_code, back.headers["location"]) == (303, f"/desk?case={NUMBER}")
    desk = (await client.get("/desk")).text
    assert "undo_id" not in desk
    assert f'id="work-case" name="case" value="{NUMBER}"' in desk
    assert "Avslutandet ångrades" in (await client.get(f"/cases/{NUMBER}")).text
    late = await post(client, f"/desk/cases/{NUMBER}/undo", undo_id="another")
    assert late.status_code == 404
