"""The XML of Open ePlatform: what is read of it, in any encoding, and what is refused."""

from datetime import date, datetime

import pytest

from services.intake.channels.eplatform_soap import confirm_delivery, refusal, set_status
from services.intake.channels.eplatform_xml import NAMESPACE, NotUnderstoodError, instance, listing
from services.intake.domain.instance import Instance, Listed, Person, Refusal, Upload
from tests.support.eplatform_peer import CALLBACK, SOAP, File, Filed, flow_instance, query

AT = datetime(2026, 11, 25, 13, 5, 30)  # noqa: DTZ001 - the platform writes no zone


def filed(values: str, *files: File, owner: tuple[str, str, str] | None = ("Anna", "Berg", "anna@example.se")) -> str:
    one = Filed(77, "832", values, AT, AT, AT, owner=owner)
    one.files = {700 + n: (66900, file) for n, file in enumerate(files)}
    return flow_instance(one)


def read(text: str, encoding: str = "utf-8", declared: str | None = None, charset: str | None = None) -> Instance:
    head = f'<?xml version="1.0" encoding="{declared}" standalone="no"?>' if declared else ""
    return instance((head + text).encode(encoding), charset)


def test_an_instance_is_its_header_its_answers_and_its_files():
    found = read(
        filed(
            query("arende", "Vad gäller det?", "Kallt i köket"), File("a.txt", b"hej"), File("b.txt", b"", inline=False)
        )
    )
    assert (found.id, found.family, found.form, found.version) == ("77", "832", "Felanmälan", "4")
    assert found.submitted == "2026-11-25T01:05:30"  # as it is written: a clock of twelve hours
    assert found.fields == {"Vad gäller det?": "Kallt i köket"}
    assert found.files == (Upload("66900", "700", "a.txt", b"hej"), Upload("66900", "701", "b.txt", None))
    assert found.applicant == Person("Anna Berg", "anna@example.se", None)
    assert not found.before(date(2026, 11, 25))
    assert found.before(date(2026, 11, 26))


@pytest.mark.parametrize(
    ("encoding", "declared", "charset"),
    [
        ("iso-8859-1", "ISO-8859-1", "ISO-8859-1"),
        ("iso-8859-1", None, "ISO-8859-1"),
        ("iso-8859-1", "ISO-8859-1", "UTF-8"),  # the header is wrong
        ("utf-8", "UTF-8", "ISO-8859-1"),
        ("utf-8", "ISO-8859-1", None),  # the declaration is wrong
        ("utf-8", None, None),
        ("iso-8859-1", "UTF-8", None),
        ("utf-8-sig", None, None),
        ("utf-16", "UTF-16", None),
        ("cp1252", "windows-1252", None),
        ("iso-8859-15", "ISO-8859-15", None),
    ],
)
def test_letters_are_right_whatever_the_encoding_is_called(encoding: str, declared: str | None, charset: str | None):
    found = read(filed(query("plats", "Var?", "Åsgatan, Älmhult, Ödby")), encoding, declared, charset)
    assert found.fields == {"Var?": "Åsgatan, Älmhult, Ödby"}


def test_what_calls_itself_iso_8859_1_may_hold_the_dashes_of_windows():
    found = read(filed(query("plats", "Var?", "Åsgatan – hörnet")), "cp1252", "ISO-8859-1")
    assert found.fields == {"Var?": "Åsgatan – hörnet"}


def test_xml_1_1_and_pasted_control_characters_cost_nothing():
    text = filed(query("a", "Vad?", "tak\x0bet")).replace("Vad?", "V&#11;ad?")
    assert instance(
        ('<?xml version="1.1" encoding="UTF-8"?>' + text.replace("<![CDATA[V", "V").replace("?]]>", "?")).encode()
    ).fields == {"Vad?": "taket"}


def test_questions_of_the_same_words_are_numbered_and_parts_keep_their_names():
    row = "<rad{n}><QueryID>9{n}</QueryID><Name>Period</Name><Fran>2026-1{n}</Fran><Till/></rad{n}>"
    many = "<val><QueryID>4</QueryID><Name>Val</Name><Value>ett</Value><Value>två</Value></val>"
    nested = "<adress><QueryID>5</QueryID><Plats><Gata>Åsgatan</Gata><Gata>Backen</Gata></Plats></adress>"
    found = read(filed(row.format(n=1) + row.format(n=2) + many + nested + "<tom><QueryID>6</QueryID></tom>"))
    assert found.fields == {
        "Period 1": {"Fran": "2026-11"},
        "Period 2": {"Fran": "2026-12"},
        "Val": ["ett", "två"],
        "adress": {"Plats": {"Gata": ["Åsgatan", "Backen"]}},
    }


def test_who_fills_in_is_whom_the_form_names_then_the_owner_then_the_poster():
    contact = (
        "<sokande><QueryID>1</QueryID><Name>Sökande</Name><Firstname>Eva</Firstname><Lastname>Ek</Lastname>"
        "<Phone>08-465 004 11</Phone><MobilePhone>070-174 06 05</MobilePhone>"
        "<SocialSecurityNumber>191212121212</SocialSecurityNumber></sokande>"
    )
    child = "<barn><Firstname>Bo</Firstname><Lastname>Ek</Lastname><citizenIdentifier>201212121212</citizenIdentifier>"
    child += "</barn>"
    found = read(filed(child + contact))
    assert found.applicant == Person("Eva Ek", None, "070-174 06 05")  # the address is another's
    assert read(filed(contact.replace("Eva", "Anna").replace("Ek<", "Berg<"))).applicant == Person(
        "Anna Berg", "anna@example.se", "070-174 06 05"
    )
    assert "1212121212" not in str(found.fields)  # a personnummer stays in the original
    poster = filed("", owner=None).replace("<Posted>", "<Poster><Firstname>Ola</Firstname></Poster><Posted>")
    assert read(poster).applicant == Person("Ola", None, None)
    assert read(filed("", owner=None)).applicant == Person()


def test_a_picture_among_the_answers_is_no_answer():
    found = read(filed(f"<karta><QueryID>1</QueryID><FirstMapImage>{'QUJD' * 900}</FirstMapImage><X>12</X></karta>"))
    assert found.fields == {"karta": {"X": "12"}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>Logga in</body></html>",
        b"<FlowInstance/>",
        f'<FlowInstance xmlns="{NAMESPACE}"><Header/></FlowInstance>'.encode(),
        b"<a><b></a>",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><FlowInstance>&b;</FlowInstance>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><FlowInstance>&a;</FlowInstance>',
        b'<!DOCTYPE x SYSTEM "http://evil.example/x.dtd"><FlowInstance/>',
        b"<a>" * 5_000 + b"</a>" * 5_000,
        b"<a>" + b"<b/>" * 200_001 + b"</a>",
        b'<?xml version="1.0" encoding="no-such"?><a>\xff',
        b"<FlowInstance>&undefined;</FlowInstance>",
    ],
)
def test_what_is_broken_or_hostile_is_refused_and_nothing_else_happens(data: bytes):
    for reading in (instance, listing):
        with pytest.raises(NotUnderstoodError):
            reading(data)


ANSWER = "<a><QueryID>1</QueryID><Value>{}</Value></a>"


@pytest.mark.parametrize(
    ("before", "value"),
    [
        ('<!DOCTYPE x [<!ENTITY a "hemligt">]>', "&a;"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;"),
        ('<!DOCTYPE x SYSTEM "http://evil.example/x.dtd">', "b"),
        ("", "<b>" * 60 + "</b>" * 60),
        ("", "<b/>" * 200_001),
    ],
)
def test_an_instance_that_is_right_but_for_this_is_refused_all_the_same(before: str, value: str):
    assert read(filed(ANSWER.format("b"))).fields == {"a": "b"}
    with pytest.raises(NotUnderstoodError):
        instance((before + filed(ANSWER.format(value))).encode())


def test_an_id_that_is_no_number_never_becomes_part_of_an_address():
    with pytest.raises(NotUnderstoodError):
        read(filed("").replace("<FlowInstanceID>77<", "<FlowInstanceID>../../admin<"))
    evil = "<FlowInstances><FlowInstance><flowInstanceID>1/../2</flowInstanceID></FlowInstance></FlowInstances>"
    assert listing(evil.encode()) == []


def test_a_listing_is_each_instance_once_the_oldest_first_with_a_mark_of_what_happened():
    line = "<FlowInstance><flowInstanceID>{n}</flowInstanceID><lastEventAdded>{at}</lastEventAdded></FlowInstance>"
    bare = "<FlowInstance><flowInstanceID>5</flowInstanceID></FlowInstance>"
    text = "<FlowInstances>{}</FlowInstances>"
    found = listing(text.format(line.format(n=10, at="b") + line.format(n=9, at="a") + bare).encode())
    assert [one.id for one in found] == ["5", "9", "10"]
    assert found[0] == Listed("5", "")
    assert found[1].mark != listing(text.format(line.format(n=9, at="c")).encode())[0].mark
    assert listing(b"<FlowInstances/>") == []


def envelope(content: str) -> bytes:
    return f'<S:Envelope xmlns:S="{SOAP}"><S:Body>{content}</S:Body></S:Envelope>'.encode()


def fault(text: str, detail: str = "") -> bytes:
    return envelope(f"<S:Fault><faultcode>S:Server</faultcode><faultstring>{text}</faultstring>{detail}</S:Fault>")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (envelope(f'<setStatusResponse xmlns="{CALLBACK}"><eventID>0</eventID></setStatusResponse>'), None),
        (fault("x", f'<detail><AccessDeniedFault xmlns="{CALLBACK}"/></detail>'), Refusal.ACCESS_DENIED),
        (
            fault("x", f'<detail><n:FlowInstanceNotFoundFault xmlns:n="{CALLBACK}"/></detail>'),
            Refusal.INSTANCE_NOT_FOUND,
        ),
        (fault("x", f'<detail><StatusNotFoundFault xmlns="{CALLBACK}"/></detail>'), Refusal.STATUS_NOT_FOUND),
        (fault("The requested flow instance with ID 5640 was not found"), Refusal.INSTANCE_NOT_FOUND),
        (fault("Status with ID null not found for flow Felanmälan"), Refusal.STATUS_NOT_FOUND),
        (fault("Access denied"), Refusal.ACCESS_DENIED),
        (fault("NullPointerException"), Refusal.OTHER),
    ],
)
def test_faults_are_told_apart_by_their_detail_or_their_words(answer: bytes, expected: Refusal | None):
    assert refusal(answer, None, "setStatus") is expected


@pytest.mark.parametrize(
    "answer", [b"<html/>", envelope(""), envelope("<x/>"), envelope(f'<confirmDeliveryResponse xmlns="{CALLBACK}"/>')]
)
def test_a_page_or_another_answer_is_no_yes(answer: bytes):
    with pytest.raises(NotUnderstoodError):
        refusal(answer, None, "setStatus")


def test_what_we_send_can_hold_anything():
    sent = confirm_delivery("7", "c<1>", "K&C", delivered=True, log_message="åäö\x00 <b>").decode()
    assert "<ID>c&lt;1&gt;</ID><System>K&amp;C</System>" in sent
    assert "<delivered>true</delivered><logMessage>åäö &lt;b&gt;</logMessage>" in sent
    assert (
        "<flowInstanceID>7</flowInstanceID><statusAlias>Mottaget</statusAlias>" in set_status("7", "Mottaget").decode()
    )
