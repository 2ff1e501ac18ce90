"""Who did it: a person in her own name, a program in the name of the agent who holds the case."""

from services.casework.domain.case import Case
from shared.web.access import Person


def author(person: Person, case: Case) -> str:
    """Return the id that stands as the doer of a deed."""
    return case.agent_id or person.id if person.machine else person.id
