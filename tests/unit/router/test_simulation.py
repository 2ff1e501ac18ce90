"""Small cases, reckoned by hand: minutes and who is where."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.router.domain.past import Past, PastContact
from services.router.domain.rehearsal import Decided, decide
from services.router.domain.rehearsal_figures import Waits, rehearse
from services.router.domain.rules import RuleTable
from services.router.domain.simulation import Simulation
from services.router.domain.skills import Terms
from shared.vocabulary import Channel
from tests.unit.router.past import ZERO, always, call, rule, table, terms

PLAIN = table()
EMAIL = Channel.EMAIL


def waits(
    contacts: Sequence[PastContact],
    agents: Mapping[str, Terms],
    by: RuleTable = PLAIN,
    ready: Mapping[str, Sequence[tuple[float, float]]] | None = None,
) -> list[float | None]:
    decided = [(one, one.after) for one in decide(contacts, {by.version: by}, by)]
    handling = [contact.handling or 0.0 for contact in contacts]
    return Simulation(agents).run(decided, handling, always(*agents) if ready is None else ready)


def test_three_calls_and_one_agent():
    assert waits([call(str(n), n * 20, PLAIN) for n in range(3)], {"a": terms()}) == [0, 40, 80]


def test_two_agents_share_them():
    assert waits([call(str(n), n * 20, PLAIN) for n in range(3)], {"a": terms(), "b": terms()}) == [0, 0, 20]


def test_who_is_not_ready_takes_nothing_new_and_ends_what_she_has():
    ready = {"a": ((ZERO, ZERO + 30), (ZERO + 200, ZERO + 300))}
    contacts = [call("1", 0, PLAIN), call("2", 10, PLAIN), call("3", 250, PLAIN)]
    assert waits(contacts, {"a": terms()}, ready=ready) == [0, 190, 10]


def test_who_has_no_patience_leaves_and_nobody_is_held_up():
    contacts = [call("1", 0, PLAIN), call("2", 10, PLAIN, waited=None, left=30.0), call("3", 20, PLAIN)]
    assert waits(contacts, {"a": terms()}) == [0, None, 40]


def test_the_more_urgent_goes_first():
    by = table(rule("jour", {"priority": "urgent"}, unit=["jour"]))
    contacts = [call("1", 0, by), call("2", 10, by), call("3", 20, by, unit="jour")]
    assert waits(contacts, {"a": terms()}, by) == [0, 110, 40]


def test_skills_and_channels_are_asked_for():
    by = table(otherwise={"queue": "{unit}", "priority": "normal", "skills": ["{unit}"]})
    contacts = [call("1", 0, by, unit="skola"), call("2", 1, by, unit="bostad"), call("3", 2, by, unit="skola")]
    assert waits(contacts, {"a": terms(["skola"])}, by) == [0, None, 58]


def test_a_ring_lets_others_in():
    rings = [{"after": "45 sekunder", "skills": []}]
    by = table(otherwise={"queue": "alla", "priority": "normal", "skills": ["{unit}"], "rings": rings})
    assert waits([call("1", 0, by)], {"a": terms(["annat"])}, by) == [45]


def test_it_overflows_to_another_queue_with_what_that_one_asks_for():
    by = table(
        rule("b", {"queue": "bostad", "skills": ["bostad"]}, unit=["bostad"]),
        rule(
            "s",
            {"queue": "skola", "skills": ["skola"], "overflow": [{"after": "30 sekunder", "queue": "bostad"}]},
            unit=["skola"],
        ),
    )
    contacts = [call("1", 0, by, unit="bostad", handling=5.0), call("2", 1, by, unit="skola")]
    assert waits(contacts, {"a": terms(["bostad"])}, by) == [0, 30]


def test_three_mails_fit_and_a_call_interrupts_them():
    contacts = [
        *(call(f"m{n}", 0, PLAIN, channel=EMAIL, handling=600.0) for n in range(4)),
        call("c", 10, PLAIN, handling=700.0),
    ]
    assert waits(contacts, {"a": terms()}) == [0, 0, 0, 710, 0], "the fourth when the call has ended"


def test_mail_waits_until_she_has_been_idle_and_rested():
    contacts = [call("c", 0, PLAIN), call("m", 10, PLAIN, channel=EMAIL), call("c2", 20, PLAIN)]
    agents = {"a": terms(rest_seconds=15, blend_seconds={EMAIL: 30})}
    assert waits(contacts, agents) == [0, 155, 55], "60 + 15; then 135 + 30"


def test_it_is_kept_for_its_agent_while_she_is_there():
    by = table(otherwise={"queue": "alla", "priority": "normal", "dwell": "20 sekunder"})
    contacts = [call("1", 0, by), call("2", 1, by, preferred="a"), call("3", 2, by, preferred="nobody")]
    ready = {"a": ((ZERO, ZERO + 900),), "b": ((ZERO + 0.5, ZERO + 900),)}
    assert waits(contacts, {"a": terms(), "b": terms()}, by, ready) == [0, 59, 0]


def test_the_dwell_ends():
    by = table(otherwise={"queue": "alla", "priority": "normal", "dwell": "20 sekunder"})
    contacts = [call("1", 0, by), call("2", 1, by, preferred="a")]
    ready = {"a": ((ZERO, ZERO + 900),), "b": ((ZERO + 0.5, ZERO + 900),)}
    assert waits(contacts, {"a": terms(), "b": terms()}, by, ready) == [0, 20]


def test_a_contact_that_came_outside_hours_waits_from_when_it_opens():
    contact = replace(call("1", 0, PLAIN), from_=ZERO + 3600)
    assert waits([contact], {"a": terms()}) == [0]


OLD = table(rule("b", {"queue": "bostad", "skills": ["bostad"]}, unit=["bostad"]))
NEW = table(rule("b", {"queue": "bostad"}, unit=["bostad"]), version="2")


def day() -> Past:
    contacts = [
        call("1", 0, OLD, unit="bostad", waited=0.0),
        call("2", 10, OLD, unit="bostad", waited=55.0),
        call("3", 20, OLD, unit="bostad", waited=None, left=45.0, handling=None),
        call("4", 30, OLD, waited=3.0),
    ]
    return Past(contacts, always("a", "b", "gone"), ZERO, ZERO + 900)


def test_figures_before_and_after():
    found = rehearse(day(), {"1": OLD}, NEW, {"a": terms(["bostad"], rest_seconds=5), "b": terms([])})
    assert (found.contacts, found.changed, found.moved, found.missing) == (4, 3, 0, "")
    assert (found.agents, found.unknown_agents, found.guessed_handling) == (2, 1, 1)
    alla, bostad = found.waiting
    assert alla.queue == "alla"
    assert alla.before == Waits(1, 1, 0.0, 0.0, 1.0)
    assert alla.after == Waits(1, 1, 35.0, 35.0, 1.0), "both have a call of bostad's; she who ends first rests until 65"
    assert (bostad.measured, bostad.before) == (Waits(3, 2, 27.5, 49.5, 2 / 3), Waits(3, 2, 27.5, 49.5, 2 / 3))
    assert bostad.after == Waits(3, 2, 0.0, 0.0, 2 / 3)


def test_it_says_how_near_the_simulation_comes():
    found = rehearse(day(), {"1": OLD}, OLD, {"a": terms(["bostad"], rest_seconds=5), "b": terms([])})
    assert (found.changed, found.changes) == (0, ())
    assert all(each.before == each.after for each in found.waiting)
    (trust,) = found.trust
    assert (trust.channel, trust.off_seconds, trust.close) == (Channel.PHONE, 0.0, True)


def test_without_presence_or_durations_only_the_decisions_are_compared():
    past = day()
    silent = [replace(contact, handling=None) for contact in past.contacts]
    agents = {"a": terms()}
    said = [
        rehearse(replace(past, contacts=[]), {}, NEW, agents),
        rehearse(replace(past, ready={}), {"1": OLD}, NEW, agents),
        rehearse(past, {"1": OLD}, NEW, {}),
        rehearse(replace(past, contacts=silent), {"1": OLD}, NEW, agents),
    ]
    assert [each.missing for each in said] == ["no_contacts", "no_presence", "no_known_agents", "no_handling"]
    assert [each.changed for each in said] == [0, 3, 3, 3]
    assert not any(each.waiting for each in said)


def test_written_contacts_are_in_time_by_their_due_time():
    by = table(otherwise={"queue": "alla", "priority": "normal", "due": "1 timme"})
    mails = [call(str(n), 0, by, channel=EMAIL, handling=2400.0, waited=None) for n in range(2)]
    found = rehearse(Past(mails, always("a"), ZERO, ZERO + 1), {}, by, {"a": terms(capacity=30)})
    assert found.missing == "" and found.waiting[0].before == Waits(2, 2, 1200.0, 2160.0, 1.0)  # noqa: PT018 - one fact
    assert found.waiting[0].measured == Waits(2, 0, None, None, 0.0)


def test_decided_is_what_both_say():
    (one,) = decide([call("1", 0, OLD, unit="bostad")], {"1": OLD}, NEW)
    assert isinstance(one, Decided)
    assert (one.before.skills, one.after.skills) == (("bostad",), ())
