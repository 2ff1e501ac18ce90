"""A file that came in without a verdict of the virus scanner has one: it is handed out now, or never."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.casework.store.scans import with_files_of, write_files
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from shared.events import ContactScanned, FileScanned

INFECTED = "infected"
NOT_SCANNED = "not_scanned"


async def take_scans(work: Work, events: Sequence[ContactScanned]) -> None:
    """Write the verdicts on the files of contacts; whoever works on one sees it at once."""
    for event in events:
        found = {one.store_key: one for one in event.files}
        before = await with_files_of(work.conn, event.contact_id)
        await write_files(work.conn, [_scanned(row, found) for row in before])
        work.ring(*(row["agent_id"] for row in before))


def _scanned(row: Row, found: Mapping[str, FileScanned]) -> dict[str, Any]:
    """Return a contact's files and flags: a verdict stays (a later event that is read again says the same)."""
    files = [_file(one, found.get(one["store_key"])) for one in row["attachments"]]
    flags = [one for one in row["flags"] if one != NOT_SCANNED or row["original_key"] not in found]
    if INFECTED not in flags and any(one.scan == INFECTED for one in found.values()):
        flags.append(INFECTED)
    return {"id": row["id"], "attachments": files, "flags": flags}


def _file(file: dict[str, Any], verdict: FileScanned | None) -> dict[str, Any]:
    if verdict is None:
        return file
    return file | {"scan": verdict.scan, "store_key": verdict.now_key or verdict.store_key}
