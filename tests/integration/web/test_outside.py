"""By link, without a login: the citizen sees how it goes; a unit receives, tells how it goes, answers, sends back."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from services.casework.links import Links, UnitLinks, opened, sealed
from services.casework.usecases.views import HandoverView
from shared.clock import utc_now
from shared.events import ContactPurged
from shared.ids import new_id
from shared.vocabulary import Channel, Resolution
from tests.support.casework import CHILD
from tests.support.desk import MAIL, DeskHouse
from tests.support.web import MARIA, client_of

pytestmark = pytest.mark.integration
UNIT = "bostadsbolag"
PER = replace(MARIA, id="officer-per-dahl", name="Per Dahl", units=frozenset({UNIT}))


@pytest.fixture
async def client(house: DeskHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(house.app, accept="text/html") as made:
        yield made


async def without_login(house: DeskHouse, unit: str = UNIT, *, has_login: bool = False) -> None:
    async with house.casework.read_status.uow.begin() as work:
        await work.unit_terms.set(unit, has_login=has_login)


async def handed_over(house: DeskHouse, text: str = MAIL) -> tuple[str, str]:
    await house.arrive(Channel.EMAIL, text=text, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    [row] = (await house.casework.list_cases.run(MARIA)).items
    made = await house.casework.hand_over.run(row.number, MARIA, request_id="one", to=UNIT)
    return row.number, made.id


async def letters(house: DeskHouse, kind: str) -> list[str]:
    async with house.casework.read_status.uow.read() as work:
        [row] = (await house.casework.list_cases.run(MARIA)).items
        return [mail["body"] for mail in await work.mails.of_case(row.id) if mail["kind"] == kind]


async def unit_path(house: DeskHouse) -> str:
    """The path of the link in the letter."""
    [letter] = await letters(house, "handover")
    found = re.search(r"https?://\S+/h/\S+", letter)
    assert found, letter
    return urlsplit(found[0]).path


async def test_the_citizen_follows_her_case_by_the_link_in_the_mail(house: DeskHouse, client: httpx.AsyncClient):
    number, handover_id = await handed_over(house)
    [notice] = await letters(house, "notice")
    found = re.search(r"https?://\S+/lage/\S+", notice)
    assert found
    path = urlsplit(found[0]).path
    page = await client.get(path)
    assert page.status_code == 200
    assert number in page.text
    assert "Ärendet är lämnat till en handläggare" in page.text
    assert "Anna" not in page.text
    assert "iskallt" not in page.text
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    planned = utc_now() + timedelta(days=1)
    await house.casework.progress.run(
        handover_id, PER, PER.name, planned_for=planned, performer="Rörfirman", text="Vi kommer och luftar elementen."
    )
    page = await client.get(path)
    for words in ("En handläggare har ärendet", "Rörfirman", "Vi kommer och luftar elementen."):
        assert words in page.text
    english = await client.get(path, headers={"accept-language": "en"})
    assert "How your case is going" in english.text


async def test_the_link_shows_the_end_and_is_over_after_its_time(house: DeskHouse, client: httpx.AsyncClient):
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se")
    [row] = (await house.casework.list_cases.run(MARIA)).items
    path = urlsplit(house.casework.read_status.links.status(row.id)).path
    assert "Kontaktcentret arbetar med ärendet" in (await client.get(path)).text
    await house.casework.close.run(row.number, MARIA, resolution=Resolution.SOLVED)
    assert "Ärendet är avslutat" in (await client.get(path)).text
    async with house.casework.read_status.uow.begin() as work:
        await work.cases.change(row.id, utc_now(), closed_at=utc_now() - timedelta(days=91))
    assert (await client.get(path)).status_code == 404


async def test_where_secrecy_is_presumed_not_even_the_kind_of_matter_is_shown(
    house: DeskHouse, client: httpx.AsyncClient
):
    house.first = "orolig för ett barn"
    number, _ = await handed_over(house)
    [row] = (await house.casework.list_cases.run(MARIA)).items
    async with house.casework.read_status.uow.begin() as work:
        await work.cases.change(row.id, utc_now(), protected=True)
    page = await client.get(urlsplit(house.casework.read_status.links.status(row.id)).path)
    assert number in page.text
    assert "Kallt" not in page.text
    assert "kallt inne" not in page.text
    assert "Bostadsbolag" not in page.text


async def test_a_checklist_that_presumes_secrecy_hides_question_and_unit(house: DeskHouse, client: httpx.AsyncClient):
    await house.arrive(Channel.EMAIL, text="Min granne slår sitt barn", subject="Oro", email="anna.ek@example.se")
    [row] = (await house.casework.list_cases.run(MARIA)).items
    await house.casework.classify.run(row.number, MARIA, CHILD)
    case = await house.casework.read_case.run(row.number, MARIA)
    page = await client.get(urlsplit(house.casework.read_status.links.status(row.id)).path)
    assert (page.status_code, row.number in page.text) == (200, True)
    assert case.question
    for words in (case.question, case.unit_name, "barn"):
        assert words not in page.text


async def merged(house: DeskHouse, theirs: str) -> tuple[str, str, str, str]:
    """Merge Anna's case into another one, which is planned; return her contact, both numbers and her path."""
    hers = await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", person_key="2026:anna")
    [anna] = (await house.casework.list_cases.run(MARIA, contact_id=hers)).items
    other = await house.arrive(Channel.EMAIL, text=MAIL, subject="Också kallt", person_key=theirs)
    [target] = (await house.casework.list_cases.run(MARIA, contact_id=other)).items
    await house.casework.deeds.merge.run(anna.number, target.number, MARIA)
    made = await house.casework.hand_over.run(target.number, MARIA, request_id="one", to=UNIT)
    planned = utc_now() + timedelta(days=1)
    await house.casework.progress.run(
        made.id, PER, PER.name, planned_for=planned, performer="Rörfirman", text="Vi ringer på hos dig."
    )
    return hers, anna.number, target.number, urlsplit(house.casework.read_status.links.status(anna.id)).path


async def test_a_merged_case_shows_the_one_that_goes_on_to_the_same_person(house: DeskHouse, client: httpx.AsyncClient):
    _, _, target, path = await merged(house, "2026:anna")
    page = (await client.get(path)).text
    for words in (target, "Rörfirman", "Vi ringer på hos dig.", "Planerat"):
        assert words in page


async def test_a_merged_case_shows_nothing_of_another_persons_case_but_its_state(
    house: DeskHouse, client: httpx.AsyncClient
):
    _, number, target, path = await merged(house, "2026:bo")
    page = (await client.get(path)).text
    assert number in page
    assert "En handläggare har ärendet" in page
    for words in (
        target,
        "Rörfirman",
        "Vi ringer på hos dig.",
        "Planerat",
        "Du får svar senast",
        "Bostadsbolag",
        "kallt",
    ):
        assert words not in page, words


async def test_a_merged_cases_link_is_over_when_its_person_is_erased(house: DeskHouse, client: httpx.AsyncClient):
    contact, _, target, path = await merged(house, "2026:bo")
    purged = ContactPurged(contact_id=contact, purged_at=utc_now(), reason="test")
    await house.casework.follow_contacts.run([purged])
    assert (await client.get(path)).status_code == 404
    assert (await house.casework.read_case.run(target, MARIA)).state == "handed_over"


async def test_a_unit_takes_away_by_its_link_what_it_had_said(house: DeskHouse, client: httpx.AsyncClient):
    """The form shows the planned day, so that empty fields mean it; a program that names one field changes that."""
    await without_login(house)
    _, handover_id = await handed_over(house)
    path = f"{await unit_path(house)}/progress"
    day = (utc_now() + timedelta(days=2)).date().isoformat()
    plan = {"by": "Jouren", "day": day, "clock": "10:30", "performer": "Rörfirman", "text": "Vi kommer."}
    assert (await client.post(path, data=plan)).status_code == 303
    page = (await client.get(path.rsplit("/", 1)[0])).text
    for shown in (f'value="{day}"', 'value="10:30"', 'value="Rörfirman"', 'name="showed" value="1"'):
        assert shown in page
    await client.post(path, data={"by": "Jouren", "text": "Vi är försenade."})
    now = await read(house, handover_id)
    assert (now.planned_for is None, now.performer, now.progress) == (False, "Rörfirman", "Vi är försenade.")
    emptied = {"by": "Jouren", "showed": "1", "day": "", "clock": "", "performer": "", "text": "Vi ringer dig."}
    assert (await client.post(path, data=emptied)).status_code == 303
    now = await read(house, handover_id)
    assert (now.planned_for, now.performer, now.progress) == (None, "", "Vi ringer dig.")


async def test_a_unit_without_a_login_receives_by_the_link_in_its_letter(house: DeskHouse, client: httpx.AsyncClient):
    await without_login(house)
    number, handover_id = await handed_over(house)
    path = await unit_path(house)
    page = await client.get(path)
    assert page.status_code == 200
    assert number in page.text
    assert "iskallt i lägenheten" in page.text
    for _ in range(2):
        assert (await client.get(path)).status_code == 200, "a mail filter that opens the link does nothing"
    assert (await read(house, handover_id)).state == "sent"
    refused = await client.post(f"{path}/acknowledge", data={"by": " ", "external_ref": "B-77"})
    assert refused.status_code == 422
    assert "Uppgiften saknas" in refused.text
    assert 'value="B-77"' in refused.text
    done = await client.post(f"{path}/acknowledge", data={"by": "Jouren", "external_ref": "B-77"})
    assert done.status_code == 303
    now = await read(house, handover_id)
    assert (now.state, now.acknowledged_by, now.external_ref) == ("acknowledged", "Jouren", "B-77")
    await client.post(f"{path}/progress", data={"by": "Jouren", "text": "Vi åker ut i dag."})
    assert (await read(house, handover_id)).progress == "Vi åker ut i dag."
    done = await client.post(f"{path}/answer", data={"by": "Jouren", "text": "Elementen är luftade."})
    assert done.status_code == 303
    now = await read(house, handover_id)
    assert (now.state, now.ended_by, now.end_text) == ("answered", "Jouren", "Elementen är luftade.")
    again = await client.post(f"{path}/answer", data={"by": "Jouren", "text": "Igen."})
    assert again.status_code == 409
    assert "iskallt" not in (await client.get(path)).text, "what is over shows that it is over, and no more"


async def test_a_unit_without_a_login_sends_back_with_a_reason(house: DeskHouse, client: httpx.AsyncClient):
    await without_login(house)
    number, handover_id = await handed_over(house)
    path = await unit_path(house)
    form = {"by": "Jouren", "words": "Det är gatan som äger lampan.", "to": "gata-och-park"}
    refused = await client.post(f"{path}/return", data=form)
    assert refused.status_code == 422
    assert "Det är gatan som äger lampan." in refused.text
    done = await client.post(f"{path}/return", data={**form, "reason": "wrong_place"})
    assert done.status_code == 303
    now = await read(house, handover_id)
    assert (now.state, now.return_code, now.return_to) == ("returned", "wrong_place", "gata-och-park")
    assert (await house.casework.read_case.run(number, MARIA)).state == "open"


async def test_a_link_ends_with_the_units_part_in_it(house: DeskHouse, client: httpx.AsyncClient):
    await without_login(house)
    _, handover_id = await handed_over(house)
    path = await unit_path(house)
    await without_login(house, has_login=True)
    assert (await client.get(path)).status_code == 404, "a unit with a login has no other way in"
    await without_login(house)
    await house.casework.reassign.run(handover_id, PER, "gata-och-park", "Er lampa", PER.name)
    await without_login(house, "gata-och-park")
    assert (await client.get(path)).status_code == 404, "the old unit's link is not the new unit's"
    assert (await client.post(f"{path}/acknowledge", data={"by": "Jouren"})).status_code == 404


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 101, "åäö", "%00", "A" * 42 + "="])
async def test_a_link_that_is_not_ours_is_not_there(client: httpx.AsyncClient, token: str):
    for path in (f"/lage/{token}", f"/h/{token}"):
        assert (await client.get(path)).status_code in (404, 422)
    assert (await client.post(f"/h/{token}/answer", data={"by": "x", "text": "y"})).status_code in (404, 422)


async def read(house: DeskHouse, handover_id: str) -> HandoverView:
    return await house.casework.read_handover.run(handover_id, MARIA)


def test_a_token_is_good_for_its_purpose_alone():
    one, key = new_id(), b"k" * 32
    links, units = Links("https://x.example", key), UnitLinks("https://x.example", b"u" * 32)
    assert links.case_of(links.token(one)) == one
    assert links.case_of(units.token(one, "a")) is None
    assert units.holds(units.token(one, "a"), "a")
    assert not units.holds(units.token(one, "a"), "b")
    forged = sealed(b"other" * 8, one)
    assert opened(key, forged) is None
    changed = links.token(one)[:-2] + ("A" if links.token(one)[-2] != "A" else "B") + links.token(one)[-1]
    assert links.case_of(changed) is None


async def test_a_unit_by_link_reads_no_message_where_free_words_are_withheld(
    house: DeskHouse, client: httpx.AsyncClient
):
    await without_login(house)
    await house.arrive(Channel.EMAIL, text="Min granne slår sitt barn", subject="Oro", email="anna.ek@example.se")
    [row] = (await house.casework.list_cases.run(MARIA)).items
    await house.casework.classify.run(row.number, MARIA, CHILD)
    await house.casework.hand_over.run(row.number, MARIA, request_id="one", to=UNIT, message="Pojken heter Kim")
    page = await client.get(await unit_path(house))
    assert page.status_code == 200
    assert "Ring kontaktcentret" in page.text
    assert "Kim" not in page.text
