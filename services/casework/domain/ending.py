"""Whether a case may end: the one place that every way of closing asks."""

from enum import StrEnum

from services.casework.domain.case import ObligatoryStepOpenError
from services.casework.domain.checklist import Run, Step


class Ending(StrEnum):
    """The ways in which a case comes to its end."""

    CLOSE = "close"
    """An agent or a program closes it: on the page, by the API, with a reply, as a quick registration."""
    INCIDENT = "incident"
    """The answer to everybody who is linked to an incident closes it."""
    MERGE = "merge"
    """It becomes part of another case."""
    NO_SHOW = "no_show"
    """The visitor who was called did not come."""
    ANSWERED = "answered"
    """The unit that it was handed over to has answered the citizen."""


def owed(run: Run | None, how: Ending, heir: Run | None = None) -> tuple[Step, ...]:
    """Return the obligatory steps that still lie ahead and keep the case from ending in that way.

    A case that is merged owes nothing when the one that goes on (`heir`) has the same checklist: it owes the step
    itself. A visitor who never came was asked nothing, so a walk that has not begun owes nothing. What was handed over
    is the unit's to answer; the agent was warned of the open step when she handed over.
    """
    if run is None or how is Ending.ANSWERED or (how is Ending.NO_SHOW and not run.done):
        return ()
    if how is Ending.MERGE and heir is not None and heir.checklist.id == run.checklist.id:
        return ()
    return run.open_obligatory()


def may_end(run: Run | None, how: Ending, heir: Run | None = None) -> None:
    """Refuse (ObligatoryStepOpenError) when the case owes a step."""
    if run is not None and (steps := owed(run, how, heir)):
        raise ObligatoryStepOpenError(", ".join(run.checklist.fill(step.text) for step in steps))
