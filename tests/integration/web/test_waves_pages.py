"""What is not taken over says so at the desk and on the case's page, where to, and how to end it."""

import re

import httpx
import pytest

from services.casework.usecases.take_over import Move
from shared.vocabulary import Channel, TakenOver
from tests.support.desk import MAIL, DeskHouse
from tests.support.web import MARIA

pytestmark = pytest.mark.integration


async def shown(client: httpx.AsyncClient, path: str) -> str:
    page = await client.get(path)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", page.text)


async def arrived(house: DeskHouse, channel: Channel) -> str:
    await house.arrive(channel, text=MAIL, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    [row] = (await house.casework.list_cases.run(MARIA)).items
    return row.number


async def test_a_mail_that_is_not_taken_over_is_forwarded_and_closed_as_connected(house, client):
    number = await arrived(house, Channel.EMAIL)
    assert "övertagen" not in await shown(client, f"/cases/{number}")
    assert 'value="lost_av_kc" data-key="1" required checked' in await shown(client, f"/desk/cases/{number}/close")
    await house.casework.take_over.run("unit", "bostadsbolag", Move(TakenOver.NOT), "lead")
    case = await house.casework.read_case.run(number, MARIA)
    await house.casework.classify.run(number, MARIA, str(case.case_type))
    for path in (f"/cases/{number}", f"/desk?case={number}"):
        text = await shown(client, path)
        assert "Ej övertagen av kontaktcentret: skicka vidare till bostadsbolag@" in text, path
        assert "Lämna över till verksamheten" in text
    assert re.search(r'value="kopplad"[^>]* checked', await shown(client, f"/desk/cases/{number}/close"))
    await house.casework.take_over.run("unit", "bostadsbolag", Move(TakenOver.TRIAL), "lead")
    assert "Provdrift: kontaktcentret svarar på prov" in await shown(client, f"/cases/{number}")
    await house.casework.take_over.run("unit", "bostadsbolag", Move(TakenOver.TAKEN), "lead")
    assert "övertagen" not in await shown(client, f"/cases/{number}")


async def test_a_number_to_connect_to_is_written_as_people_write_it(house, client):
    number = await arrived(house, Channel.EMAIL)
    move = Move(TakenOver.NOT, forward_to="+46846500410")
    case = await house.casework.read_case.run(number, MARIA)
    await house.casework.take_over.run("case_type", str(case.case_type), move, "lead")
    await house.casework.classify.run(number, MARIA, str(case.case_type))
    assert "skicka vidare till 08-465 004 10." in await shown(client, f"/cases/{number}")
