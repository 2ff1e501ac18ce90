"""Calling back, at the desk without scripts: a time is promised, refused beside its field, and tried again."""

import re
from datetime import timedelta

import pytest

from services.casework.domain.return_call import next_working_hour
from shared.clock import local, utc_now
from shared.events import ContactEnded, OfferAccepted, ReturnCallPromised
from shared.vocabulary import Channel
from tests.support.desk import DeskHouse
from tests.support.web import MARIA, post

pytestmark = pytest.mark.integration
NUMBER = "KC-2026-000001"


async def taken(house: DeskHouse, *, called_back: bool) -> str:
    """A call in Maria's hands, or the call back to a citizen who has hung up; return the contact's id."""
    contact = await house.arrive(Channel.PHONE, phone="+46701740605")
    facts = {"contact_id": contact, "at": utc_now(), "queue": "bostadsbolag"}
    if called_back:
        gone = ContactEnded(contact_id=contact, ended_at=utc_now() - timedelta(seconds=5), reason="hangup")
        await house.casework.follow_routing.run([ReturnCallPromised(**facts, epoch=2)])
        await house.casework.follow_contacts.run([gone])
    accepted = {"epoch": 3, "offer_id": "o", "agent_id": MARIA.id, "channel": Channel.PHONE, "waited_seconds": 3}
    await house.casework.follow_routing.run([OfferAccepted(**facts, **accepted)])
    return contact


async def test_a_time_is_suggested_and_one_that_has_been_is_refused_beside_its_field_with_what_was_typed(house, client):
    contact = await taken(house, called_back=False)
    page = await client.get(f"/desk/cases/{NUMBER}/pass-on")
    suggested = f"{local(next_working_hour(utc_now())):%Y-%m-%dT%H:%M}"
    assert f'value="{suggested}"' in page.text
    refused = await post(
        client, f"/desk/cases/{NUMBER}/pass-on", act="return_call", at="2020-01-01T09:00", to="queue:bostadsbolag"
    )
    assert refused.status_code == 422
    assert re.search(r'class="error" id="e-at">Tiden har redan varit', refused.text)
    assert 'value="2020-01-01T09:00"' in refused.text
    assert '<option value="queue:bostadsbolag" selected>' in refused.text
    unread = await post(client, f"/desk/cases/{NUMBER}/pass-on", act="return_call", at="imorgon")
    assert (unread.status_code, "Skriv datum och klockslag." in unread.text) == (422, True)
    nobody = await post(client, f"/desk/cases/{NUMBER}/pass-on", act="give")
    assert re.search(r'class="error" id="e-to">Välj en kö', nobody.text)
    english = await client.post(
        f"/desk/cases/{NUMBER}/pass-on", headers={"accept-language": "en"}, data={"act": "give", "_csrf": "x"}
    )
    assert english.status_code == 403
    assert house.router.doings == []
    done = await post(client, f"/desk/cases/{NUMBER}/pass-on", act="return_call", at=suggested)
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    [(what, which, epoch, at)] = house.router.doings
    assert (what, which, epoch) == ("return_call", contact, 3)
    assert f"{local(at):%Y-%m-%dT%H:%M}" == suggested
    await house.casework.follow_routing.run(
        [ReturnCallPromised(contact_id=contact, epoch=4, at=utc_now(), queue="bostadsbolag", call_at=at)]
    )
    state = await client.get(f"/desk/state?case={NUMBER}")
    assert "Rings upp" in state.text
    timeline = await client.get(f"/cases/{NUMBER}")
    assert "Återuppringning lovad" in timeline.text


async def test_a_return_call_says_which_try_it_is_and_that_nobody_answered_tries_again(house, client):
    contact = await taken(house, called_back=True)
    page = await client.get(f"/desk?case={NUMBER}")
    assert "Försök 1 av 3" in page.text
    assert "Samtalet är avslutat" not in page.text
    assert "Svarar ingen: nytt försök" in page.text
    assert 'data-key="B"' in page.text
    done = await post(client, f"/desk/cases/{NUMBER}/no-answer")
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    [(what, which, epoch, at)] = house.router.doings
    assert (what, which, epoch) == ("return_call", contact, 3)
    assert at > utc_now()
    again = await post(client, f"/desk/cases/{NUMBER}/no-answer")
    assert again.status_code == 409
    shown = await client.get(f"/cases/{NUMBER}")
    assert "Ringde, inget svar: försök 1" in shown.text
    assert "Maria Lind" in shown.text


async def test_the_third_try_frees_her_and_parks_the_case(house, client):
    contact = await taken(house, called_back=True)
    for epoch in (3, 5, 7):
        await post(client, f"/desk/cases/{NUMBER}/no-answer")
        if epoch < 7:
            facts = {"contact_id": contact, "at": utc_now(), "queue": "bostadsbolag", "offer_id": f"o{epoch}"}
            who = {"agent_id": MARIA.id, "channel": Channel.PHONE, "waited_seconds": 3}
            await house.casework.follow_routing.run([OfferAccepted(**facts, **who, epoch=epoch + 2)])
    assert [epoch for _, _, epoch, _ in house.router.doings] == [3, 5]
    assert house.router.completed == [contact]
    state = await client.get(f"/desk/state?case={NUMBER}")
    assert "Parkerat till" in state.text


async def test_an_ordinary_call_has_no_such_button(house, client):
    await taken(house, called_back=False)
    page = await client.get(f"/desk?case={NUMBER}")
    assert 'data-key="B"' not in page.text
    refused = await post(client, f"/desk/cases/{NUMBER}/no-answer")
    assert refused.status_code == 409
    assert "Det är ingen återuppringning." in refused.text
