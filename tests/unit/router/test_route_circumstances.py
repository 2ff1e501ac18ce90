"""What besides the rules decides where a contact waits, and what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from services.router.domain.ending import End
from services.router.domain.rule_table import FIRST_TABLE, compile_table
from services.router.domain.rules import RuleTable
from services.router.usecases.circumstances import Circumstances
from services.router.usecases.route_contact import RouteContact
from services.router.usecases.teach import Taught
from shared.catalogue import Catalogue
from shared.consume import Received
from shared.events import ChecklistRef, ContactFollowedUp, ContactReceived, ContactRouted
from shared.publish import Message
from shared.records import ChecklistRecord, HoursRecord, OpenContact, OverflowStep, PeakRecord, StepRecord, UnitRecord
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, StepType, TakenOver, WrapUpMode

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OPENS, OPENED = NOW + timedelta(hours=3), NOW + timedelta(hours=5)
SPECIAL: list[dict[str, object]] = [
    {
        "name": "long queue",
        "when": {"waiting_at_least": {"{unit}": 3}},
        "then": {"checklist": "stress", "wrap_up": {"mode": "timed", "seconds": 30}},
    },
    {"name": "comes back", "when": {"open_cases_at_least": 2}, "then": {"priority": "urgent"}},
    *FIRST_TABLE,
]


@dataclass
class Line:
    waiting: dict[str, OpenContact] = field(default_factory=dict)
    said: dict[str, ContactRouted] = field(default_factory=dict)

    async def enqueue(self, contacts: Sequence[OpenContact], routed: Sequence[Message | None]) -> None:
        for contact, fact in zip(contacts, routed, strict=True):
            assert fact is not None
            assert fact.value is not None
            self.waiting[contact.contact_id] = contact
            self.said[contact.contact_id] = ContactRouted.model_validate_json(fact.value)

    async def cancel(self, contact_id: str, reason: str, talk_seconds: float | None = None, *, end: End) -> None:
        raise AssertionError((contact_id, reason, talk_seconds, end))

    async def claim(self, contact_id: str, agent_id: str | None, at: datetime, *, takes_over: bool = False) -> None:
        raise AssertionError((contact_id, agent_id, at, takes_over))

    async def take_back(self, contact_id: str, owner: str, at: datetime) -> None:
        raise AssertionError((contact_id, owner, at))

    async def purge(self, contact_id: str) -> None:
        raise AssertionError(contact_id)


@dataclass(frozen=True)
class OpenCases:
    count: int
    agent: str | None


@dataclass
class Owners:
    async def of(self, cases: Sequence[str]) -> Mapping[str, str]:
        return {"case-7": "maria"} if "case-7" in cases else {}

    async def open_of(self, persons: Sequence[str]) -> Mapping[str, OpenCases]:
        return {"eva": OpenCases(2, "jonas")} if "eva" in persons else {}


@dataclass
class Around:
    """Hours, what is taken over, closures, peak and load, as a test says."""

    closed: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    opens: datetime | None = None
    taken: tuple[TakenOver, str] = (TakenOver.TAKEN, "")
    peak: PeakRecord | None = None
    asked: int = 0

    def opens_at(self, unit: str, channel: Channel, at: datetime) -> datetime | None:
        assert (unit, channel in Channel, at) == ("bostad", True, NOW)
        return self.opens

    def state_of(self, case_type: str, entrance: str, channel: Channel, at: datetime) -> tuple[TakenOver, str]:
        assert (case_type, entrance, channel in Channel, at) == ("", "vaxel", True, NOW)
        return self.taken

    def place(self, queue: str, at: datetime) -> tuple[str, datetime | None]:
        assert at == NOW
        return self.closed.get(queue, (queue, None))

    def active(self, at: datetime | None = None) -> PeakRecord | None:
        assert at == NOW
        return self.peak

    async def waiting(self) -> Mapping[str, int]:
        self.asked += 1
        return {"bostad": 3}


@dataclass
class Rules:
    table: RuleTable = field(default_factory=lambda: compile_table("000001", FIRST_TABLE))

    def current(self) -> RuleTable:
        return self.table


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def around() -> Around:
    return Around()


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue(ServiceSettings())
    step = StepRecord(id="s1", type=StepType.ASK, text="Vad gäller det?", goto="end")
    stress = ChecklistRecord(id="stress", version=4, case_type="ct-1", steps=(step,), ends=(), published_at=NOW)
    made.apply(stress.key, stress)
    return made


async def routed(
    line: Line, around: Around, catalogue: Catalogue, *, rows: Sequence[object] = FIRST_TABLE, **more: Any
) -> tuple[OpenContact, ContactRouted]:
    rules = Rules(compile_table("000002", rows))
    places = Circumstances(around, around, around, around, around)
    route = RouteContact(catalogue, Taught(), rules, line, Owners(), places, clock=lambda: NOW)  # type: ignore[arg-type] # the part of a rulebook it uses
    kind = ContactFollowedUp if "follows" in more else ContactReceived
    values = {"contact_id": "c1", "channel": Channel.PHONE, "entrance": "vaxel", "unit": "bostad", "received_at": NOW}
    event = kind(**(values | more))
    await route.handle([Received(event, "e", event.event_type, NOW, event.key, "contacts", 0, 0, None)])
    return line.waiting["c1"], line.said["c1"]


async def test_a_call_takes_its_steps_along(line: Line, around: Around, catalogue: Catalogue):
    contact, fact = await routed(line, around, catalogue)
    assert contact.steps == (
        OverflowStep(after_seconds=60, skills=()),
        OverflowStep(after_seconds=180, skills=(), reserves=True),
        OverflowStep(after_seconds=240, skills=(), reserves=True, offer_return_call=True),
    )
    assert (contact.not_before, contact.wrap_up, contact.dwell_seconds) == (None, None, 0)
    assert (fact.rules_version, fact.open_cases, fact.taken_over) == ("000002", 0, TakenOver.TAKEN)
    assert around.asked == 0, "the load is asked for only where a rule asks for it"


@pytest.mark.parametrize(
    ("asks", "word"), [("off", ""), ("preferred", "?signed:bostad"), ("required", "signed:bostad")]
)
async def test_what_a_unit_asks_of_sign_offs_is_asked_for_at_every_step(
    line: Line, around: Around, catalogue: Catalogue, asks: Literal["off", "preferred", "required"], word: str
):
    unit = UnitRecord(id="bostad", name="Bostad", sign_off=asks)
    catalogue.apply(unit.key, unit)
    contact, fact = await routed(line, around, catalogue)
    more = (word,) if word else ()
    assert contact.skills == ("bostad", *more)
    assert [step.skills for step in contact.steps] == [more, more, more]
    assert (f"sign_off:{word}" in fact.why) is bool(word)
    around.taken = (TakenOver.NOT, "")
    assert word not in (await routed(line, around, catalogue))[0].skills


async def test_a_caller_outside_hours_waits_for_them(line: Line, around: Around, catalogue: Catalogue):
    around.opens = OPENS
    assert (await routed(line, around, catalogue))[0].not_before == OPENS


@pytest.mark.parametrize(("channel", "waits"), [(None, None), (Channel.EMAIL, OPENS)])
async def test_mail_waits_for_hours_of_its_own_channel_alone(
    line: Line, around: Around, catalogue: Catalogue, channel: Channel | None, waits: datetime | None
):
    around.opens = OPENS
    hours = HoursRecord(unit="bostad", channel=channel, weekly=((),) * 7)
    catalogue.apply(hours.key, hours)
    assert (await routed(line, around, catalogue, channel=Channel.EMAIL))[0].not_before == waits


async def test_what_is_not_taken_over_waits_apart_and_says_where_it_goes(
    line: Line, around: Around, catalogue: Catalogue
):
    around.taken = (TakenOver.NOT, "+46846500420")
    contact, fact = await routed(line, around, catalogue)
    assert (contact.queue, contact.forward_to, contact.taken_over) == ("ej-overtagen", "+46846500420", TakenOver.NOT)
    assert (fact.taken_over, fact.skills) == (TakenOver.NOT, ())


async def test_a_closed_queue_sends_on_or_holds_until_it_opens(line: Line, around: Around, catalogue: Catalogue):
    around.closed, around.opens = {"bostad": ("gata", OPENED)}, OPENS
    contact, fact = await routed(line, around, catalogue)
    assert (contact.queue, contact.not_before) == ("gata", OPENED)
    assert fact.why[-1] == "closed:bostad"
    assert "bostad" not in contact.skills


async def test_in_a_storm_every_ring_is_open_at_once(line: Line, around: Around, catalogue: Catalogue):
    around.peak = PeakRecord(until=OPENS, started_at=NOW, by="lena", reason="storm")
    contact, fact = await routed(line, around, catalogue)
    assert contact.skills == fact.skills == ()
    assert [(step.after_seconds, step.reserves) for step in contact.steps] == [(0, True), (240, True)]
    assert fact.why[-1] == "peak:rings_open"
    around.peak = around.peak.model_copy(update={"rings_open": False})
    assert (await routed(line, around, catalogue))[0].skills == ("bostad",)


async def test_who_has_open_cases_comes_back_to_their_agent(line: Line, around: Around, catalogue: Catalogue):
    contact, fact = await routed(line, around, catalogue, rows=SPECIAL, person_key="eva")
    assert (contact.preferred_agent, contact.dwell_seconds) == ("jonas", 20)
    assert (fact.open_cases, fact.priority, fact.why[1]) == (2, "urgent", "comes back")


async def test_the_case_that_is_followed_comes_first(line: Line, around: Around, catalogue: Catalogue):
    mail = {"channel": Channel.EMAIL, "person_key": "eva"}
    contact, _ = await routed(line, around, catalogue, follows="case-7", **mail)
    assert (contact.preferred_agent, contact.dwell_seconds) == ("maria", 1800)
    contact, _ = await routed(line, around, catalogue, follows="case-8", **mail)
    assert contact.preferred_agent == "jonas"


async def test_load_checklist_and_after_work_are_the_rules_to_say(line: Line, around: Around, catalogue: Catalogue):
    contact, fact = await routed(line, around, catalogue, rows=SPECIAL)
    assert around.asked == 1
    assert contact.checklist == fact.checklist == ChecklistRef(id="stress", version=4)
    assert contact.wrap_up is not None
    assert (contact.wrap_up.mode, contact.wrap_up.seconds) == (WrapUpMode.TIMED, 30)


async def test_what_rules_have_asked_is_said_so_that_a_rehearsal_can_ask_again(
    line: Line, around: Around, catalogue: Catalogue
):
    _, fact = await routed(line, around, catalogue, flags=("protected_identity",), automatic=True, unreadable=True)
    assert (fact.flags, fact.automatic, fact.unreadable) == (("protected_identity",), True, True)
    assert fact.skills == ("bostad", "protected")
