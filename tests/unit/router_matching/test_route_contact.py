from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from services.router.domain.ending import End
from services.router.domain.rule_table import FIRST_TABLE, compile_table
from services.router.domain.rules import RuleTable
from services.router.usecases.find import MatchText, SearchTexts
from services.router.usecases.route_contact import RouteContact, words_of
from services.router.usecases.teach import Taught, Teach
from shared.catalogue import Catalogue
from shared.consume import Received
from shared.events import (
    CallConnected,
    ChecklistRef,
    ContactEnded,
    ContactFollowedUp,
    ContactPurged,
    ContactReceived,
    ContactRouted,
    Event,
    Sender,
)
from shared.publish import Message
from shared.records import CaseTypeRecord, ChecklistRecord, EntranceRecord, OpenContact, StepRecord
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, EntranceKind, Priority, StepType

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
COLD, ROAD = "ct-cold", "ct-road"


@dataclass
class FakeLine:
    waiting: dict[str, OpenContact] = field(default_factory=dict)
    routed: list[Message] = field(default_factory=list)
    log: list[tuple[str, ...]] = field(default_factory=list)

    async def enqueue(self, contacts: Sequence[OpenContact], routed: Sequence[Message | None]) -> None:
        for contact, fact in zip(contacts, routed, strict=True):
            assert fact is not None
            assert contact.contact_id == fact.key
            if contact.contact_id not in self.waiting:
                self.waiting[contact.contact_id] = contact
                self.routed.append(fact)
        self.log.append(("enqueue", *(contact.contact_id for contact in contacts)))

    async def through(self, contact_id: str, epoch: int, at: datetime | None = None) -> None:
        self.log.append(("through", contact_id, str(epoch), at.isoformat() if at else ""))

    async def not_answered(self, contact_id: str, epoch: int) -> None:
        self.log.append(("not_answered", contact_id, str(epoch)))

    async def cancel(self, contact_id: str, reason: str, talk_seconds: float | None = None, *, end: End) -> None:
        said = [str(talk_seconds)] if talk_seconds else []
        self.log.append(("cancel", contact_id, reason, *said, *(["short"] if end.short else [])))

    async def claim(self, contact_id: str, agent_id: str | None, at: datetime, *, takes_over: bool = False) -> None:
        self.log.append(("claim", contact_id, agent_id or "", at.isoformat(), *(["over"] if takes_over else [])))

    async def take_back(self, contact_id: str, owner: str, at: datetime) -> None:
        self.log.append(("take_back", contact_id, owner, at.isoformat()))

    async def purge(self, contact_id: str) -> None:
        self.log.append(("purge", contact_id))


@dataclass
class OpenCases:
    count: int
    agent: str | None


@dataclass
class FakeOwners:
    agents: dict[str, str] = field(default_factory=dict)
    open: dict[str, OpenCases] = field(default_factory=dict)

    async def of(self, cases: Sequence[str]) -> dict[str, str]:
        return {case: self.agents[case] for case in cases if case in self.agents}

    async def open_of(self, persons: Sequence[str]) -> dict[str, OpenCases]:
        return {person: self.open[person] for person in persons if person in self.open}


@dataclass
class FakeRules:
    table: RuleTable = field(default_factory=lambda: compile_table("000001", FIRST_TABLE))

    def current(self) -> RuleTable:
        return self.table


def entrance(name: str, unit: str, *, default: bool = False, area: str | None = None) -> EntranceRecord:
    return EntranceRecord(
        id=name, kind=EntranceKind.ADDRESS, value=name, name=name, unit=unit, greeting="", default=default, area=area
    )


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue(ServiceSettings())
    step = StepRecord(id="s1", type=StepType.ASK, text="Vilken temperatur är det?", goto="end")
    records: list[Event] = [
        entrance("kontakt", "kontaktcenter", default=True),
        entrance("bostad", "bostad", area="Felanmälan"),
        CaseTypeRecord(
            id=COLD, path=("Bostad", "Felanmälan", "Kallt?"), unit="bostad", share=2.0, examples=("kalla element",)
        ),
        CaseTypeRecord(id=ROAD, path=("Gata", "Hål?"), unit="gata", share=9.0, examples=("hål i vägen",)),
        CaseTypeRecord(id="ct-old", path=("Gata", "Gammal"), unit="gata", deprecated=True),
        ChecklistRecord(id="kallt", version=3, case_type=COLD, steps=(step,), ends=(), published_at=NOW),
    ]
    for record in records:
        made.apply(record.key, record)
    return made


@pytest.fixture
async def taught(catalogue: Catalogue) -> Taught:
    taught = Taught()
    await Teach(catalogue, NoModels(), None, taught).refresh(fit=False)  # type: ignore[arg-type] # the parts it uses
    return taught


class NoModels:
    async def load(self, version: str) -> None:
        assert version


@pytest.fixture
def line() -> FakeLine:
    return FakeLine()


@pytest.fixture
def route(catalogue: Catalogue, taught: Taught, line: FakeLine) -> RouteContact:
    return RouteContact(catalogue, taught, FakeRules(), line, FakeOwners({"case-7": "agent-maria"}))  # type: ignore[arg-type] # the parts it uses


def received(event: Event, traceparent: str | None = None) -> Received[Any]:
    return Received(event, "e", event.event_type, NOW, event.key, "contacts", 0, 0, traceparent)


def contact(contact_id: str = "c1", **more: Any) -> ContactReceived:
    values: dict[str, Any] = {
        "contact_id": contact_id,
        "channel": Channel.EMAIL,
        "entrance": "kontakt",
        "unit": "kontaktcenter",
        "received_at": NOW,
        "sender": Sender(name="Eva Ek", email="eva@example.org"),
        "subject": "Element",
        "text": "Min hemliga text om element",
        "person_key": "2026:abc",
    }
    return ContactReceived(**(values | more))


def fact_of(message: Message) -> ContactRouted:
    assert message.value is not None
    return ContactRouted.model_validate_json(message.value)


async def test_a_contact_waits_with_candidates_queue_due_time_and_reasons(route: RouteContact, line: FakeLine):
    trace = f"00-{'1' * 32}-{'2' * 16}-01"
    await route.handle([received(contact(), trace)])
    fact = fact_of(line.routed[0])
    assert (fact.queue, fact.priority, fact.why) == (
        "kontaktcenter", Priority.NORMAL, ("mail-in-one-day", "queue-of-the-unit"),
    )  # fmt: skip
    assert fact.due_at == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert (fact.model_version, fact.rules_version) == ("prior", "000001")
    assert {found.case_type for found in fact.candidates} == {COLD, ROAD}
    assert line.routed[0].traceparent == trace
    assert line.waiting["c1"].candidates == fact.candidates


def test_only_the_citizens_own_words_are_matched():
    assert words_of(contact()) == "Element. Min hemliga text om element"
    form = contact(
        channel=Channel.E_SERVICE, subject="E-tjänst: kontakta oss", text="", fields={"a": "Kallt", "b": "inne"}
    )
    assert words_of(form) == "Kallt inne"


async def test_nothing_personal_is_said_on_routing(route: RouteContact, line: FakeLine):
    await route.handle([received(contact())])
    said = (line.routed[0].value or b"").decode() + line.waiting["c1"].model_dump_json()
    for secret in ("Eva", "eva@example.org", "hemliga", "Element"):
        assert secret not in said
    assert fact_of(line.routed[0]).person_key == "2026:abc"


async def test_the_same_contact_again_is_the_same_event(route: RouteContact, line: FakeLine):
    await route.handle([received(contact()), received(contact())])
    first = line.routed[0].id
    line.waiting.clear()
    await route.handle([received(contact())])
    assert [message.id for message in line.routed] == [first, first]


async def test_the_entrance_of_a_unit_speaks_for_its_case_types_and_checklist(route: RouteContact, line: FakeLine):
    await route.handle([received(contact(entrance="bostad", unit="bostad", text="", subject=""))])
    fact = fact_of(line.routed[0])
    assert fact.candidates[0].case_type == COLD
    assert fact.candidates[0].area == "Felanmälan"
    assert fact.checklist == ChecklistRef(id="kallt", version=3)


async def test_an_answer_in_a_thread_prefers_the_agent_of_its_case(route: RouteContact, line: FakeLine):
    mails = [
        received(ContactFollowedUp(**contact(name).model_dump(), follows=case))
        for name, case in (("c1", "case-7"), ("c2", "case-8"))
    ]
    await route.handle(mails)
    assert (line.waiting["c1"].preferred_agent, line.waiting["c1"].follows) == ("agent-maria", "case-7")
    assert line.waiting["c2"].preferred_agent is None


async def test_who_left_is_taken_out_after_those_who_came(route: RouteContact, line: FakeLine):
    batch = [
        received(contact("c1")),
        received(ContactEnded(contact_id="c1", ended_at=NOW, reason="hung_up", short=True)),
        received(contact("c2")),
        received(CallConnected(contact_id="c2", epoch=4, at=NOW)),
        received(ContactPurged(contact_id="c0", purged_at=NOW, reason="asked")),
    ]
    await route.handle(batch)
    assert line.log == [
        ("enqueue", "c1", "c2"),
        ("cancel", "c1", "hung_up", "short"),
        ("through", "c2", "4", NOW.isoformat()),
        ("purge", "c0"),
    ]


async def test_a_large_batch_is_one_round_trip(route: RouteContact, line: FakeLine):
    await route.handle([received(contact(f"c{number}")) for number in range(120)])
    assert len(line.log) == 1
    assert len(line.waiting) == 120


async def test_with_nothing_known_a_contact_still_waits(line: FakeLine, catalogue: Catalogue):
    await RouteContact(catalogue, Taught(), FakeRules(), line, FakeOwners()).handle([received(contact())])  # type: ignore[arg-type] # the parts it uses
    assert fact_of(line.routed[0]).candidates == ()
    assert line.waiting["c1"].queue == "kontaktcenter"


async def test_search_finds_titles_checklists_and_only_what_is_current(taught: Taught):
    search = SearchTexts(taught)
    assert [hit.case_type.id for hit in search.search("tempera")] == [COLD]
    assert search.search("tempera")[0].checklist == ChecklistRef(id="kallt", version=3)
    assert search.search("kallt", unit="gata") == []
    assert search.search("gammal") == []


async def test_match_tells_what_it_may_be_about(catalogue: Catalogue, taught: Taught):
    answer = MatchText(catalogue, taught).match("vad som helst", entrance="bostad")
    assert answer.candidates[0].case_type.id == COLD
    assert answer.confidence == answer.candidates[0].confidence
    assert MatchText(catalogue, Taught()).match("hej").candidates == ()


FORM = EntranceRecord(
    id="felanmalan", kind=EntranceKind.FORM, value="felanmalan", name="F", unit="gata", greeting="", case_type=ROAD
)


def filed(**more: Any) -> ContactReceived:
    return contact(
        channel=Channel.E_SERVICE, entrance="felanmalan", unit="gata", form="felanmalan", text="kalla element", **more
    )


async def test_a_form_of_one_matter_is_that_matter_whatever_its_words_say(
    route: RouteContact, line: FakeLine, catalogue: Catalogue
):
    catalogue.apply(FORM.key, FORM)
    await route.handle([received(filed())])
    fact = fact_of(line.routed[0])
    assert [(one.case_type, one.confidence) for one in fact.candidates] == [(ROAD, 1.0), (COLD, 0.0)]
    assert fact.checklist is None  # that of the other type does not come in by its words
    catalogue.apply(FORM.key, FORM.model_copy(update={"case_type": COLD}))
    await route.handle([received(filed(contact_id="c2"))])
    assert fact_of(line.routed[1]).checklist == ChecklistRef(id="kallt", version=3)


@pytest.mark.parametrize(
    ("changed", "more"),
    [
        ({}, {"flags": ("unknown_entrance",)}),
        ({"case_type": "ct-old"}, {}),
        ({"case_type": "ct-none"}, {}),
        ({"case_type": None}, {}),
        ({"kind": EntranceKind.ADDRESS}, {}),
    ],
)
async def test_only_the_form_itself_makes_a_case_type_certain(
    route: RouteContact, line: FakeLine, catalogue: Catalogue, changed: dict[str, Any], more: dict[str, Any]
):
    entrance = FORM.model_copy(update=changed)
    catalogue.apply(entrance.key, entrance)
    await route.handle([received(filed(**more))])
    assert all(one.confidence < 1.0 for one in fact_of(line.routed[0]).candidates)
