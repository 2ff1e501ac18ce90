"""Where even what a case is about is not to be seen by others: secrecy is presumed, or its person is protected."""

from services.casework.domain.case import Case
from services.casework.store.unit_of_work import Work
from shared.vocabulary import Secrecy


async def is_secret(work: Work, case: Case) -> bool:
    """Return whether what was written may not be quoted, not even its subject."""
    run = await work.runs.of(case)
    return case.protected or (run is not None and run.checklist.secrecy is Secrecy.PRESUMED)
