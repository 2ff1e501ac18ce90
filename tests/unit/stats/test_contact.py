"""What is counted of a contact's and a case's life."""

from datetime import UTC, datetime, timedelta

import pytest

from services.stats.domain.case import NO_SHOW, Case
from services.stats.domain.contact import BACKLOG, Contact
from services.stats.domain.cube import Cell, Measures, Tally, bin_of
from services.stats.domain.fact import Fact
from shared.vocabulary import Resolution

AT = datetime(2026, 11, 25, 9, 3, 21, tzinfo=UTC)


def fact(kind: str, *, epoch: int = 0, seconds: float = 0.0, minutes: float = 0, **more) -> Fact:
    at = AT + timedelta(minutes=minutes)
    return Fact(id=f"{kind}-{epoch}-{minutes}", type=kind, time=at, at=at, epoch=epoch, seconds=seconds, **more)


def routed(**more) -> Fact:
    given = {"channel": "phone", "unit": "bostad", "case_type": "ct", "entrance": "vaxel", "queue": "bostad"}
    return fact("contact.routed", **given | more)


def lived(*facts: Fact) -> tuple[Contact, Measures]:
    contact, tally = Contact("c1"), Tally()
    for one in facts:
        contact.advance(one, tally)
    total = Measures()
    for _, measures in tally.rows():
        total.add(measures)
    return contact, total


def test_received_is_counted_where_it_came_in():
    tally = Tally()
    Contact("c1").advance(routed(), tally)
    cell = Cell(datetime(2026, 11, 25, 9, 0, tzinfo=UTC), "phone", "bostad", "ct", "vaxel")
    assert dict(tally.rows()) == {cell: Measures(contacts=1)}


def test_routed_again_is_the_same_contact():
    _, total = lived(routed(), routed(minutes=3))
    assert total.contacts == 1


def test_old_mail_is_no_load_of_the_day_it_is_taken_in_but_its_answer_is_work():
    contact, total = lived(routed(detail=BACKLOG), fact("offer.accepted", epoch=2, seconds=60, minutes=1))
    assert (total.contacts, total.answered, contact.received_at) == (0, 1, None)


def test_waiting_until_accepted_and_only_the_first_accept_is_an_answer():
    contact, total = lived(
        routed(),
        fact("contact.queued", epoch=1),
        fact("offer.made", epoch=2, minutes=1),
    )
    assert contact.state == "waiting"
    more = [
        fact("offer.accepted", epoch=2, seconds=60, minutes=1),
        fact("contact.requeued", epoch=3, minutes=2),
        fact("offer.accepted", epoch=4, seconds=200, minutes=3),
    ]
    contact, total = lived(routed(), fact("contact.queued", epoch=1), *more)
    assert contact.state == "assigned"
    assert (total.answered, total.waited) == (1, 60)


def test_a_requeued_contact_waits_since_it_first_did():
    contact, _ = lived(
        fact("contact.queued", epoch=1),
        fact("offer.accepted", epoch=2, minutes=1),
        fact("contact.requeued", epoch=3, minutes=5),
    )
    assert (contact.state, contact.queued_at) == ("waiting", AT)


@pytest.mark.parametrize("kind", ["contact.queued", "contact.requeued", "offer.accepted"])
def test_a_lower_epoch_is_history(kind):
    contact, total = lived(routed(), fact("contact.completed", epoch=5), fact(kind, epoch=4))
    assert (contact.state, total.answered) == ("completed", 0)


def test_abandoned_once_and_never_after_an_answer():
    _, total = lived(routed(), fact("contact.abandoned", epoch=2, seconds=44))
    assert total.abandoned == 1
    taken = fact("offer.accepted", epoch=1, seconds=5)
    _, total = lived(routed(), taken, fact("contact.abandoned", epoch=2, seconds=44))
    assert (total.answered, total.abandoned) == (1, 0)


def connecting(epoch: int = 2, seconds: float = 10, minutes: float = 1) -> Fact:
    return fact("offer.accepted", epoch=epoch, seconds=seconds, minutes=minutes, connecting=True, agent_id="maria")


def test_a_call_whose_telephony_tells_is_answered_when_it_is_through():
    contact, total = lived(routed(), fact("contact.queued", epoch=1), connecting())
    assert (contact.state, contact.accepted_at, total.answered) == ("assigned", None, 0)
    through = fact("contact.connected", epoch=2, seconds=25, minutes=2)
    contact, total = lived(routed(), connecting(), through, through)
    assert (contact.accepted_at, total.answered, total.waited) == (through.at, 1, 25)


def test_a_phone_that_nobody_picks_up_is_no_answer_and_the_next_agents_is():
    silent = [connecting(), fact("contact.requeued", epoch=3, minutes=2)]
    contact, total = lived(routed(), *silent, fact("contact.abandoned", epoch=4, seconds=90, minutes=3))
    assert (total.answered, total.abandoned, contact.waited) == (0, 1, 90)
    again = [connecting(epoch=4, seconds=80), fact("contact.connected", epoch=4, seconds=85, minutes=4)]
    _, total = lived(routed(), *silent, *again)
    assert (total.answered, total.abandoned, total.waited) == (1, 0, 85)


def test_who_hung_up_while_a_phone_rang_was_not_answered_and_her_agent_still_has_the_case():
    left = fact("contact.left", epoch=2, seconds=31, abandoned=True, minutes=2)
    contact, total = lived(routed(), connecting(), left)
    assert (contact.state, contact.agent, contact.left_at) == ("assigned", "maria", left.at)
    assert (total.answered, total.abandoned) == (0, 1)
    contact, total = lived(routed(), connecting(), left, fact("contact.completed", epoch=2, minutes=5))
    assert (contact.state, total.answered, total.abandoned) == ("completed", 0, 1)


def test_a_talk_that_nobody_had_said_was_through_is_an_answer_even_after_the_end_of_its_case():
    done = fact("contact.completed", epoch=2, minutes=3)
    left = fact("contact.left", epoch=2, seconds=12, abandoned=False, minutes=4)
    _, total = lived(routed(), fact("contact.queued", epoch=1), connecting(), done, left, left)
    assert (total.answered, total.waited, total.abandoned) == (1, 12, 0)
    through = fact("contact.connected", epoch=2, seconds=25, minutes=2)
    _, total = lived(routed(), connecting(), through, done, left)
    assert (total.answered, total.waited) == (1, 25)
    _, total = lived(routed(), connecting(), done, fact("contact.left", epoch=2, minutes=4))
    assert (total.answered, total.abandoned) == (0, 0)


def test_a_call_that_the_exchange_moved_before_it_was_through_is_answered_by_whom_it_moved_to():
    moved = fact("contact.transferred", epoch=3, agent_id="jonas", minutes=2)
    _, total = lived(routed(), fact("contact.queued", epoch=1), connecting(), moved)
    assert (total.answered, total.waited) == (1, 120)


def test_who_leaves_so_soon_that_nobody_could_answer_is_counted_apart():
    contact, total = lived(routed(), fact("contact.abandoned", epoch=2, seconds=3, short=True))
    assert (contact.short, contact.state, total.abandoned) == (True, "abandoned", 0)


def ended(*facts: Fact) -> tuple[Case, Measures]:
    case, tally = Case("k1"), Tally()
    for one in facts:
        case.advance(one, tally, lambda start, end: (end - start).days)
    total = Measures()
    for _, measures in tally.rows():
        total.add(measures)
    return case, total


@pytest.mark.parametrize(
    ("first", "widely", "strict", "wide"),
    [(True, True, 1, 1), (True, False, 1, 1), (False, True, 0, 1), (False, False, 0, 0)],
)
def test_solved_strictly_and_widely(first, widely, strict, wide):
    _, total = ended(fact("case.closed", first_contact=first, first_contact_wide=widely, channel="phone"))
    assert (total.closed, total.solved, total.solved_wide) == (1, strict, wide)


def test_a_second_contact_is_no_first_one_in_the_wide_sense_either():
    _, total = ended(fact("case.closed", detail=Resolution.SOLVED, channel="phone"))
    assert (total.solved, total.solved_wide) == (0, 0)


def test_who_did_not_come_is_in_no_share_and_is_not_abandoned():
    case, total = ended(fact("case.closed", detail=Resolution.NO_SHOW, channel="visit"))
    assert total == Measures()
    assert (case.outcome, case.allowed) == (NO_SHOW, False)
    case.advance(fact("case.merged", minutes=1), Tally(), lambda _start, _end: 1)
    case.advance(fact("case.split", minutes=2), Tally(), lambda _start, _end: 1)
    assert case.outcome == NO_SHOW


def test_handed_over_and_closed_later_was_not_solved_in_the_first_contact():
    over = fact("case.handed_over", channel="phone")
    _, total = ended(over, fact("case.closed", detail=Resolution.SOLVED, first_contact=True, minutes=9))
    assert (total.handed_over, total.closed, total.solved) == (1, 0, 0)


def test_the_case_type_set_last_is_counted():
    case, _ = ended(
        fact("case.opened", channel="phone", unit="kc", entrance="vaxel"),
        fact("case.classified", case_type="ct-2", unit="bygg", minutes=1),
        fact("case.closed", channel="phone", minutes=2),
    )
    assert (case.unit, case.case_type, case.entrance) == ("bygg", "ct-2", "vaxel")


def test_bins_are_whole_five_minutes_in_utc():
    assert bin_of(datetime(2026, 11, 25, 9, 59, 59, 999, tzinfo=UTC)) == datetime(2026, 11, 25, 9, 55, tzinfo=UTC)


def test_a_transferred_contact_is_with_its_new_agent_and_a_promised_return_call_waits_again():
    accepted = fact("offer.accepted", epoch=2, seconds=9, agent_id="maria", queue="bostad")
    passed = fact("contact.transferred", epoch=2, agent_id="jonas", minutes=1)
    contact, _ = lived(routed(), accepted, passed)
    assert (contact.agent, contact.state) == ("jonas", "assigned")
    acted = fact("supervisor.acted", queue="annan", detail="raise", minutes=2)
    promised = fact("contact.return_call_promised", epoch=3, queue="bostad", minutes=2)
    contact, total = lived(routed(), accepted, passed, promised, acted)
    assert (contact.agent, contact.state, contact.queue) == ("", "waiting", "bostad")
    assert (total.contacts, total.answered) == (1, 1)


def test_what_was_withdrawn_is_taken_back_on_the_day_of_the_closing_and_once():
    closed = fact("case.closed", first_contact=True, first_contact_wide=True, channel="phone", case_type="ct")
    back = fact("case.first_contact_withdrawn", minutes=60 * 24 * 3)
    tally, case = Tally(), Case("k1")
    for one in (closed, fact("case.classified", case_type="other", minutes=9), back, back):
        case.advance(one, tally, lambda start, end: (end - start).days)
    [(cell, measures)] = tally.rows()
    assert (cell.start, cell.case_type) == (bin_of(AT), "ct")
    assert (measures.closed, measures.solved, measures.solved_wide) == (1, 0, 0)
    assert (case.withdrawn, case.solved, case.case_type) == (True, False, "ct")


def test_a_withdrawal_of_what_never_counted_changes_nothing():
    case, total = ended(fact("case.closed", channel="phone"), fact("case.first_contact_withdrawn", minutes=1))
    assert (total.solved, total.solved_wide, case.withdrawn) == (0, 0, False)


@pytest.mark.parametrize("end", [(), ("case.closed",), ("case.handed_over",)])
def test_a_merged_case_is_neither_solved_nor_open_and_counts_again_when_it_is_its_own(end):
    told = [fact(kind, channel="phone", first_contact=True, first_contact_wide=True) for kind in end]
    case, total = ended(fact("case.opened", channel="phone"), *told, fact("case.merged", minutes=5))
    assert (total.closed, total.handed_over, total.solved, total.solved_wide) == (0, 0, 0, 0)
    assert (case.outcome.startswith("merged"), case.ended_at is not None) == (True, True)
    again = [fact("case.split", minutes=6), fact("case.closed", minutes=7, channel="phone")]
    case, total = ended(fact("case.opened", channel="phone"), *told, fact("case.merged", minutes=5), *again)
    assert (total.closed, total.handed_over) == ((0, 1) if end == ("case.handed_over",) else (1, 0))
    assert case.outcome == ("handover" if end == ("case.handed_over",) else "close")


def test_a_closed_case_that_is_its_own_again_counts_as_on_the_day_of_its_first_end():
    closed = fact("case.closed", channel="phone", first_contact=True, first_contact_wide=True)
    there_and_back = [fact("case.merged", minutes=5), fact("case.merged", minutes=5), fact("case.split", minutes=9)]
    case, total = ended(closed, *there_and_back, fact("case.split", minutes=9))
    assert (total.closed, total.solved, total.solved_wide, case.ended_at) == (1, 1, 1, AT)
    withdrawn = fact("case.first_contact_withdrawn", minutes=6)
    case, total = ended(closed, there_and_back[0], withdrawn, there_and_back[2])
    assert (total.closed, total.solved, total.solved_wide, case.withdrawn) == (1, 0, 0, True)


def test_what_a_case_has_taken_grows_with_each_end_and_after_it():
    case, _ = ended(
        fact("case.handed_over", seconds=90, channel="phone"),
        fact("case.time_added", seconds=20, minutes=1),
        fact("case.closed", seconds=40.5, minutes=2),
    )
    assert case.handling == 150.5
