"""The forms of the inbox as a browser without scripts meets them: done, refused with what was typed, overtaken."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.clock import local, utc_now
from shared.vocabulary import Channel, Role
from shared.web.access import Person
from tests.support.desk import MAIL, DeskHouse
from tests.support.web import MARIA, PER, client_of, log_in

pytestmark = pytest.mark.integration
ANNA = Person("officer-anna-ros", "Anna Ros", frozenset({Role.OFFICER}), frozenset({"bostadsbolag"}))
TOMORROW = (local(utc_now()) + timedelta(days=1)).date().isoformat()
YESTERDAY = (local(utc_now()) - timedelta(days=1)).date().isoformat()


@pytest.fixture
async def client(house) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(house.app, accept="text/html") as made:
        yield made


@pytest.fixture
async def officer(house, client) -> "Officer":
    return Officer(house, client, await log_in(house.app, client, PER), *await handed_over(house))


class Officer:
    """Per at the page of one hand-over."""

    def __init__(self, house: DeskHouse, client: httpx.AsyncClient, token: str, number: str, handover: str) -> None:
        self.house, self.client, self.token, self.number, self.id = house, client, token, number, handover

    async def sends(self, deed: str, *, part: bool = False, **form: str) -> httpx.Response:
        headers = {"hx-request": "true"} if part else {}
        data = {"_csrf": self.token, **form}
        return await self.client.post(f"/inbox/{self.id}/{deed}", data=data, headers=headers)

    async def sees(self, path: str = "") -> str:
        return (await self.client.get(path or f"/inbox/{self.id}")).text

    async def handover(self):
        return await self.house.casework.read_handover.run(self.id, PER)


async def handed_over(house: DeskHouse, **facts: object) -> tuple[str, str]:
    """Hand a mail over to the housing company; return case number and hand-over id."""
    given: dict[str, Any] = {
        "text": MAIL,
        "subject": "Kallt",
        "email": "anna.ek@example.se",
        "name": "Anna Ek",
        "person_key": "2026:anna",
    } | facts
    contact = await house.arrive(Channel.EMAIL, **given)
    [row] = (await house.casework.list_cases.run(MARIA, contact_id=contact)).items
    made = await house.casework.hand_over.run(row.number, MARIA, request_id=row.number, to="bostadsbolag")
    return row.number, made.id


def value_of(page: str, field: str) -> str:
    """What stands in a field of a page, an input or a text area."""
    found = re.search(rf'<textarea id="{field}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    found = found or re.search(rf'<input id="{field}"[^>]*? value="(.*?)"', page)
    assert found, f"no field {field}"
    return found[1]


def value_of_hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


async def test_a_function_receives_and_the_page_says_so(officer):
    answer = await officer.sends("acknowledge", by="Jourmontören", external_ref="FA-1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/inbox/{officer.id}?done=acknowledge")
    page = await officer.sees(answer.headers["location"])
    assert "Mottaget. Nu syns det hos kontaktcentret." in page
    assert "Jourmontören" in page
    assert 'id="receive"' not in page
    assert ((await officer.handover()).acknowledged_by, (await officer.handover()).external_ref) == (
        "Jourmontören",
        "FA-1",
    )


async def test_the_list_receives_in_ones_own_name_and_stays_as_it_was(officer):
    answer = await officer.client.post(f"/inbox/{officer.id}/take?show=unit&q=kallt", data={"_csrf": officer.token})
    assert answer.headers["location"] == "/inbox?show=unit&q=kallt"
    assert (await officer.handover()).acknowledged_by == "Per Dahl"
    mine = await officer.sees("/inbox?show=mine")
    assert officer.number in mine
    assert officer.number not in await officer.sees("/inbox?show=unclaimed")
    assert officer.number not in await officer.sees("/inbox?q=vattenskada")
    assert "Inget här med de orden" in await officer.sees("/inbox?q=vattenskada")


async def test_how_it_goes_is_said_and_shown_to_the_agent(officer):
    form = {
        "day": TOMORROW,
        "clock": "",
        "performer": "Rörfirman",
        "text": "De ringer innan.",
        "external_ref": "FA-2290",
    }
    assert (await officer.sends("progress", **form)).status_code == 303
    now = await officer.handover()
    assert (local(now.planned_for).date().isoformat(), now.performer, now.progress) == (
        TOMORROW,
        "Rörfirman",
        "De ringer innan.",
    )
    page = await officer.sees()
    assert value_of(page, "progress-day") == TOMORROW
    await log_in(officer.house.app, officer.client, MARIA)
    case = await officer.sees(f"/cases/{officer.number}")
    for words in ("Rörfirman", "De ringer innan.", "FA-2290", "Per Dahl"):
        assert words in case, words


async def test_a_planned_day_is_taken_away_by_emptying_it_and_stays_where_it_was_not_shown(officer):
    await officer.sends("progress", showed="", day=TOMORROW, performer="Rörfirman")
    await officer.sends("progress", showed="", day="", performer="Rörfirman", text="De ringer innan.")
    assert (await officer.handover()).planned_for is not None, "that page was made before there was a day to take away"
    assert value_of_hidden(await officer.sees(), "showed") == "1"
    gone = await officer.sends("progress", showed="1", day="", clock="", performer="", text="")
    assert gone.status_code == 303
    now = await officer.handover()
    assert (now.planned_for, now.performer, now.progress) == (None, "", "")
    page = await officer.sees()
    assert (value_of(page, "progress-day"), value_of_hidden(page, "seen") != "") == ("", True)


@pytest.mark.parametrize(
    ("deed", "form", "field", "error", "kept"),
    [
        ("progress", {"day": "i morgon", "text": "De ringer."}, "progress-day", "Skriv dagen som", "De ringer."),
        ("progress", {"day": "0001-01-01", "text": "De ringer."}, "progress-day", "Skriv dagen som", "De ringer."),
        ("move", {"day": "9999-12-31", "clock": "23:59", "why": "Sedan."}, "move-day", "Skriv dagen som", "Sedan."),
        ("progress", {"day": YESTERDAY, "text": "De ringer."}, "progress-day", "redan varit", "De ringer."),
        ("progress", {"day": TOMORROW, "clock": "25:00", "text": "Så."}, "progress-clock", "Skriv klockslaget", "Så."),
        ("progress", {"clock": "10:00", "text": "Så."}, "progress-day", "Välj också en dag", "Så."),
        ("progress", {}, "progress-text", "Uppgiften saknas", ""),
        ("answer", {"text": " ", "external_ref": "FA-7"}, "answer-text", "Uppgiften saknas", "FA-7"),
        ("ask", {"text": ""}, "ask-text", "Uppgiften saknas", ""),
        ("move", {"day": YESTERDAY, "why": "Väntar på del."}, "move-day", "Skriv en tid som kommer", "Väntar på del."),
        ("move", {"day": TOMORROW, "why": ""}, "move-why", "Uppgiften saknas", TOMORROW),
        ("return", {"words": "Det är gatans lampa."}, "return-reason", "Uppgiften saknas", "Det är gatans lampa."),
        ("return", {"reason": "nej", "words": "Så."}, "return-reason", "inte ett av dem", "Så."),
        (
            "return",
            {"reason": "wrong_place", "words": "Så.", "to": "bostadsbolag"},
            "return-to",
            "annan verksamhet",
            "Så.",
        ),
        ("assign", {"officer": "agent-maria-lind"}, "assign-officer", "Välj en handläggare", ""),
        ("reassign", {"to": "", "words": "Till er."}, "reassign-to", "Uppgiften saknas", "Till er."),
        ("acknowledge", {"by": "x" * 201}, "acknowledge-by", "för lång", "x" * 201),
    ],
)
async def test_a_refused_form_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(
    officer, deed, form, field, error, kept
):
    answer = await officer.sends(deed, **form)
    assert answer.status_code == 422
    said = re.search(rf'id="e-{field}">(.*?)</p>', answer.text)
    assert said, answer.text
    assert error in said[1]
    assert f'aria-describedby="{"e-" + field}"' in answer.text or f'e-{field}"' in answer.text
    assert kept in answer.text
    assert re.search(rf'<details class="deed" id="deed-{deed}" open>', answer.text) or deed == "acknowledge"
    assert (await officer.handover()).acknowledged_at is None


async def test_a_refusal_is_said_in_the_readers_language_and_as_a_part_to_scripts(officer):
    officer.client.cookies.set("kc_lang", "en")
    answer = await officer.sends("answer", part=True, text="")
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<div id="handover"')
    assert "The value is missing." in answer.text or "missing" in answer.text
    assert "Uppgiften saknas" not in answer.text


async def test_what_somebody_else_did_meanwhile_is_said_and_nothing_typed_is_lost(officer):
    await officer.house.casework.answer.run(officer.id, ANNA, ANNA.name, "Värmen är på igen.")
    late = await officer.sends("answer", text="Vi kommer på torsdag <snart>.")
    assert late.status_code == 409
    assert "Anna Ros svarade redan" in late.text
    assert "Vi kommer på torsdag &lt;snart&gt;." in late.text
    assert "Värmen är på igen." in late.text


async def test_the_later_of_two_who_say_how_it_goes_reads_first_what_the_other_said(officer):
    shown = value_of_hidden(await officer.sees(), "seen")
    await officer.house.casework.progress.run(officer.id, ANNA, ANNA.name, text="Vi kommer på måndag.")
    late = await officer.sends("progress", text="Vi kommer på tisdag.", seen=shown)
    assert late.status_code == 409
    assert "Anna Ros skrev läget kl." in late.text
    assert "Vi kommer på måndag." in late.text
    assert value_of(late.text, "progress-text") == "Vi kommer på tisdag."
    assert (await officer.handover()).progress == "Vi kommer på måndag."
    now = value_of_hidden(late.text, "seen")
    assert (await officer.sends("progress", text="Vi kommer på tisdag.", seen=now)).status_code == 303
    mine = await officer.sends("progress", text="Vi kommer på onsdag.", seen=now)
    assert mine.status_code == 303, "what one has done oneself is no news"


async def test_it_is_sent_back_to_where_it_belongs_and_the_agent_hands_it_on(officer):
    form = {"reason": "wrong_place", "words": "Det är stadens lampa.", "to": "gata-och-park"}
    assert (await officer.sends("return", **form)).status_code == 303
    token = await log_in(officer.house.app, officer.client, MARIA)
    desk = await officer.sees(f"/desk?case={officer.number}")
    for words in (
        "Skickat tillbaka av",
        "Hör inte hemma där",
        "Det är stadens lampa.",
        "Lämna över till Gata och park",
    ):
        assert words in desk, words
    dialog = await officer.sees(f"/desk/cases/{officer.number}/handover?to=gata-och-park")
    assert '<option value="gata-och-park" selected>' in dialog
    assert "gata-och-park@kommun.example" in dialog
    card = desk[desk.index("Skickat tillbaka av") :]
    press = {"_csrf": token} | {name: value_of_hidden(card, name) for name in ("to", "request_id", "seen")}
    for _ in range(2):
        on = await officer.client.post(f"/desk/cases/{officer.number}/handover", data=press)
        assert on.headers["location"] == "/desk"
    case = await officer.house.casework.read_case.run(officer.number, MARIA)
    assert [one.unit for one in case.handovers] == ["bostadsbolag", "gata-och-park"]


async def test_an_answer_to_the_agent_stands_at_her_desk(officer):
    assert (await officer.sends("answer", to="agent", text="Hon kan flytta in den 1 februari.")).status_code == 303
    await log_in(officer.house.app, officer.client, MARIA)
    desk = await officer.sees(f"/desk?case={officer.number}")
    assert "berätta för invånaren" in desk
    assert "Hon kan flytta in den 1 februari." in desk


async def test_the_citizen_is_asked_and_the_clock_stands_still_until_it_is_let_go(officer):
    assert (await officer.sends("ask", text="Vilket lägenhetsnummer?", request_id="ask-1")).status_code == 303
    page = await officer.sees()
    assert "Klockan står still" in page
    assert "Väntar på invånaren" in await officer.sees("/inbox")
    assert (await officer.sends("resume")).status_code == 303
    assert (await officer.handover()).paused_at is None


async def test_one_who_is_away_is_shown_with_her_substitute(officer):
    page = await officer.client.post("/inbox/away", data={"_csrf": officer.token, "until": YESTERDAY, "substitute": ""})
    assert page.status_code == 422
    assert "Tiden har redan varit" in page.text
    assert value_of(page.text, "away-until") == YESTERDAY
    done = await officer.client.post("/inbox/away", data={"_csrf": officer.token, "until": TOMORROW, "substitute": ""})
    assert done.status_code == 303
    assert "Du är borta till" in await officer.sees("/inbox/away")
    assert "borta till" in await officer.sees()
    await officer.client.post("/inbox/away/back", data={"_csrf": officer.token})
    assert "Du är borta till" not in await officer.sees("/inbox/away")


async def test_the_desk_shows_where_the_same_persons_earlier_case_stands(officer):
    await officer.sends(
        "progress", day=TOMORROW, performer="Rörfirman", text="De ringer innan.", external_ref="FA-2290"
    )
    again = await officer.house.arrive(
        Channel.EMAIL, text="Ingen har ringt!", email="anna.ek@example.se", person_key="2026:anna"
    )
    [row] = (await officer.house.casework.list_cases.run(MARIA, contact_id=again)).items
    await log_in(officer.house.app, officer.client, MARIA)
    desk = await officer.sees(f"/desk?case={row.number}")
    assert "Redan överlämnat" in desk
    for words in (officer.number, "Rörfirman", "De ringer innan.", "FA-2290", "Per Dahl", "i tid"):
        assert words in desk, words


async def test_a_refused_hand_over_keeps_the_message_and_says_why(officer):
    await officer.house.arrive(Channel.EMAIL, text=MAIL, subject="Igen", email="olle@example.se")
    token = await log_in(officer.house.app, officer.client, MARIA)
    rows = (await officer.house.casework.list_cases.run(MARIA, state="open")).items
    address = f"/desk/cases/{rows[0].number}/handover"
    form = {"_csrf": token, "request_id": "r1", "message": "Hon är hemma efter tre."}
    other = await officer.client.post(f"{address}/preview", data={**form, "to": "gata-och-park"})
    assert other.status_code == 200
    assert "Hon är hemma efter tre." in other.text
    assert "gata-och-park@kommun.example" in other.text
    long = await officer.client.post(address, data={**form, "message": "x" * 20_001})
    assert long.status_code == 422
    assert "Texten är för lång." in long.text
    assert "x" * 20_001 in long.text
    done = await officer.client.post(address, data=form)
    assert done.status_code == 303
    again = await officer.client.post(address, data=form)
    assert again.status_code == 303, "the second press is the same hand-over"
    other_press = await officer.client.post(address, data={**form, "request_id": "r2"})
    assert other_press.status_code == 409
    assert "Hon är hemma efter tre." in other_press.text


async def test_an_agent_takes_back_what_nobody_has_received(officer):
    token = await log_in(officer.house.app, officer.client, MARIA)
    assert "/handover/withdraw" in await officer.sees(f"/cases/{officer.number}")
    address = f"/desk/cases/{officer.number}/handover/withdraw"
    assert "Bostadsbolag inte har tagit emot" in await officer.sees(address)
    empty = await officer.client.post(address, data={"_csrf": token, "reason": " "})
    assert (empty.status_code, "Uppgiften saknas." in empty.text) == (422, True)
    done = await officer.client.post(address, data={"_csrf": token, "reason": "Hon ringde: det är varmt."})
    assert done.headers["location"] == f"/desk?case={officer.number}"
    late = await officer.client.post(address, data={"_csrf": token, "reason": "En gång till."})
    assert late.status_code == 409
    assert "En gång till." in late.text
