"""An alarm in words, in both languages, by the names of the catalogue."""

from datetime import UTC, datetime

from services.stats.store.alarms import Alarm, Part
from services.stats.store.live import AgentState, QueueState
from services.stats.web.names import Names, is_free
from services.stats.web.words import Words
from shared.catalogue import Catalogue
from shared.records import AgentProfile, CaseTypeRecord, UnitRecord
from shared.settings import ServiceSettings
from shared.table import Table
from shared.topics import AGENTS

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def names() -> Names:
    settings = ServiceSettings()
    catalogue, agents = Catalogue(settings), Table(settings, AGENTS)
    catalogue.apply("unit:bostad", UnitRecord(id="bostad", name="Bostadsbolag"))
    case_type = CaseTypeRecord(id="ct-1", path=("Bostadsbolag", "Felanmälan", "Är <5 °C kallt?"), unit="bostad")
    catalogue.apply("case_type:ct-1", case_type)
    for one in (
        AgentProfile(id="all", name="A", skills={"*": 3}),
        AgentProfile(id="home", name="B", skills={"bostad": 3}, languages=("sv", "fi")),
        AgentProfile(id="other", name="C", skills={"bygg": 3}),
    ):
        agents._latest[one.key] = one
    return Names(catalogue, agents)


def alarm(series: dict[str, str], *, odds: float = 9_000.0, parts: tuple[Part, ...] = ()) -> Alarm:
    return Alarm(
        id="a1",
        series=series,
        since=AT,
        raised_at=AT,
        cleared_at=None,
        count=31,
        expected=12.0,
        low=8.0,
        high=17.0,
        odds=odds,
        hours_a_week=45.0,
        parts=parts,
    )


def test_a_unit_in_swedish():
    words = Words(names())
    part = Part({"unit": "bostad", "case_type": "ct-1"}, 22, 3.0)
    assert words.swedish(alarm({"unit": "bostad"}, parts=(part,))) == (
        "Ovanligt många: Bostadsbolag. 31 kontakter sedan 13:00, normalt 8–17. "
        "Av ren slump händer det ungefär en gång på 4 år. Störst del: ”Är <5 °C kallt?”, 22."
    )


def test_everything_and_a_channel():
    words = Words(names())
    assert words.headline(alarm({}), "sv") == "Ovanligt många kontakter"
    assert words.headline(alarm({"channel": "email"}), "sv") == "Ovanligt många: mejl"
    part = Part({"channel": "phone"}, 20, None)
    assert words.sentence(alarm({}, parts=(part,)), "sv").endswith("Störst del: samtal, 20.")


def test_a_case_type_is_called_by_its_area_and_asked_in_full():
    words = Words(names())
    one = alarm({"unit": "bostad", "case_type": "ct-1"})
    assert words.headline(one, "sv") == "Ovanligt många: Bostadsbolag, Felanmälan"
    assert "Frågan: ”Är <5 °C kallt?”" in words.sentence(one, "sv")


def test_english_and_odds_beyond_a_century():
    words = Words(names())
    said = words.sentence(alarm({"unit": "bostad"}, odds=1e12), "en")
    assert (
        said == "31 contacts since 13:00, normally 8–17. By chance alone it happens less than once in a hundred years."
    )


def test_what_is_unknown_is_called_by_its_id():
    assert names().unit("nytt") == "nytt"
    assert names().queue("gata-och-park") == "Gata och park"
    assert names().queue("bostad") == "Bostadsbolag"


def test_who_can_take_what_waits():
    known = names()
    agents = {one: AgentState(one, "ready") for one in ("all", "home", "other")}
    agents["busy"] = AgentState("all", "ready", 100, 100)
    assert not is_free(agents["busy"])
    assert known.able(QueueState("bostad", ("bostad",)), agents) == 2
    assert known.able(QueueState("bostad", ("bostad", "lang:fi")), agents) == 2
    assert known.able(QueueState("x", ("channel:phone", "bygg")), agents) == 2
    assert known.able(QueueState("x"), agents) == 3
