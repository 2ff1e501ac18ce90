"""What we wrote did not arrive, or not yet: it stands in the case, and whoever must do something hears of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.casework.domain.case import Case
from services.casework.domain.outgoing import LATER, OutgoingDeed
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.going_on import hold_going_on
from services.casework.usecases.reopening import reopen
from shared.events import ContactBounced
from shared.vocabulary import CaseState

SYSTEM = "system"
"""Who did it, when nobody did."""
LONGEST_WAY = timedelta(days=7)
"""A report that names no mail is of one that went to its recipient within this; servers give up after five days."""
CONFIRMATION = "receipt"
"""The kind that nobody has to write again: that it came back only stands in the case, which says the address is bad."""


async def take_bounces(work: Work, bounces: Sequence[ContactBounced], now: datetime) -> None:
    """Note what came back, once per mail: the same bounce again, or another of the same mail, changes nothing."""
    for bounce in bounces:
        if not bounce.message_id:
            await _perhaps(work, bounce, now)
            continue
        if not bounce.permanent:
            await work.mails.delayed(bounce.message_id, bounce.status or LATER)
            continue
        mail = await work.mails.bounced(bounce.message_id, bounce.status or "bounced", now)
        if mail is not None:
            await not_arrived(work, mail, OutgoingDeed.BOUNCED, mail["problem"], now)


async def _perhaps(work: Work, bounce: ContactBounced, now: datetime) -> None:
    """Note at the only mail that went to an address lately that it perhaps did not arrive; of several it is nobody's.

    Whoever knows an address can write a report that names no mail: so it opens no case, rings nobody and says nothing
    for sure. That a server still tries is nothing to note on such a word.
    """
    if not bounce.permanent or not bounce.recipient:
        return
    message_id = await work.mails.only_to(bounce.recipient.strip().lower(), now - LONGEST_WAY)
    mail = await work.mails.doubted(message_id, bounce.status or "") if message_id else None
    if mail is None or not mail["case_id"]:
        return
    facts = {"what": mail["kind"], "problem": mail["problem"]}
    goes_on, _ = await hold_going_on(work, [mail["case_id"]])
    for case_id in goes_on.values():
        await work.history.write(case_id, now, by=SYSTEM, by_name="", what=OutgoingDeed.DOUBTED.value, facts=facts)


async def not_arrived(work: Work, sent: Row, what: OutgoingDeed, problem: str, now: datetime) -> None:
    """Say at the desk that a mail or SMS of ours did not arrive; that a confirmation came back is only noted.

    A reply that did not arrive opens its closed case again, since the citizen has no answer; who wrote it hears of it,
    and who handed over hears that the unit was not reached. No mail is ever written because of it, so that nothing goes
    round in circles.
    """
    if not sent["case_id"] or (sent["kind"] == CONFIRMATION and what is not OutgoingDeed.BOUNCED):
        return
    goes_on, held = await hold_going_on(work, [sent["case_id"]])
    for case in (held[one] for one in goes_on.values()):
        facts = {"what": sent["kind"], "problem": problem}
        await work.history.write(case.id, now, by=SYSTEM, by_name="", what=what.value, facts=facts)
        if sent["kind"] == CONFIRMATION:
            continue
        if case.state is CaseState.CLOSED and sent["kind"] == "reply":
            await reopen(work, case, case.agent_id or case.closed_by, now)
        else:
            await work.cases.change(case.id, now)
        work.ring(case.agent_id, *await _concerned(work, case, sent["kind"]))


async def _concerned(work: Work, case: Case, kind: str) -> list[str]:
    """Return who besides the case's agent has to know: who handed over, and the officer who has it."""
    if case.state is not CaseState.HANDED_OVER and kind not in {"handover", "news", "reminder", "escalation"}:
        return []
    latest = (await work.handovers.of_case(case.id))[-1:]
    return [who for one in latest for who in (one["by"], one["assignee"]) if who]
