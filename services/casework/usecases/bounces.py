"""What we wrote did not arrive: it stands in the case, and she whose case it is hears of it."""

from collections.abc import Sequence
from datetime import datetime

from services.casework.domain.outgoing import OutgoingDeed
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.going_on import hold_going_on
from services.casework.usecases.reopening import reopen
from shared.events import ContactBounced
from shared.vocabulary import CaseState

SYSTEM = "system"
"""Who did it, when nobody did."""


async def take_bounces(work: Work, bounces: Sequence[ContactBounced], now: datetime) -> None:
    """Note what came back, once per mail: the same bounce again, or another of the same mail, changes nothing."""
    for bounce in bounces:
        if not bounce.message_id or not bounce.permanent:
            continue
        mail = await work.mails.bounced(bounce.message_id, bounce.status or "bounced", now)
        if mail is not None:
            await not_arrived(work, mail, OutgoingDeed.BOUNCED, mail["problem"], now)


async def not_arrived(work: Work, sent: Row, what: OutgoingDeed, problem: str, now: datetime) -> None:
    """Say at the desk that a mail or SMS of ours did not arrive; nothing is heard of a confirmation.

    A reply that did not arrive opens its closed case again, since the citizen has no answer. No mail is ever written
    because of it, so that nothing goes round in circles.
    """
    if not sent["case_id"] or sent["kind"] == "receipt":
        return
    goes_on, held = await hold_going_on(work, [sent["case_id"]])
    for case in (held[one] for one in goes_on.values()):
        facts = {"what": sent["kind"], "problem": problem}
        await work.history.write(case.id, now, by=SYSTEM, by_name="", what=what.value, facts=facts)
        if case.state is CaseState.CLOSED and sent["kind"] == "reply":
            await reopen(work, case, case.agent_id or case.closed_by, now)
        else:
            await work.cases.change(case.id, now)
        work.ring(case.agent_id)
