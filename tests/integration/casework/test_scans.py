"""A file without the virus scanner's verdict waits in its case, and has it when the scanner has spoken."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.casework.usecases.read_files import InfectedFileError
from services.casework.usecases.reply_draft import MaliciousFileError, UncheckedFileError
from shared.clamd import Clamd
from shared.errors import DomainError
from shared.events import Attachment, ContactPurged, ContactScanned, FileScanned
from shared.events.contacts import Scan
from shared.originals import Originals, original_key, quarantine_key
from tests.support.casework import MARIA, Room, contact
from tests.support.clamd import MALWARE, Scanner, clamd, needs_clamd

pytestmark = pytest.mark.integration

GOOD, BAD, WHOLE = f"{contact('a')}/attachments/1-bra", f"{contact('a')}/attachments/2-ont", original_key(contact("a"))


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    with clamd() as running:
        yield running


async def _came_in(room: Room) -> str:
    """Take in a mail of two files whose scan has failed; return its case."""
    store = Originals(room.settings.originals)
    for key in (GOOD, BAD, WHOLE):
        await store.put(key, b"x", content_type="application/octet-stream")
    files = tuple(Attachment(name=key, content_type="", size=1, store_key=key, scan="failed") for key in (GOOD, BAD))
    flags = ("no_sender", "not_scanned")
    await room.casework.follow_contacts.run([room.received("a", attachments=files, original_key=WHOLE, flags=flags)])
    await room.casework.follow_routing.run([room.routed("a"), room.accepted("a")])
    return await room.number("a")


def _verdicts(room: Room, bad: Scan = "infected") -> ContactScanned:
    moved = quarantine_key(BAD) if bad == "infected" else None
    files = (
        FileScanned(store_key=GOOD, scan="clean"),
        FileScanned(store_key=BAD, scan=bad, now_key=moved),
        FileScanned(store_key=WHOLE, scan=bad),
    )
    return ContactScanned(contact_id=contact("a"), files=files, scanned_at=room.time())


async def _refusal(room: Room, number: str, place: int | None) -> str:
    try:
        await room.casework.read_file.run(number, contact("a"), place, MARIA)
    except DomainError as error:
        return error.type
    return ""


async def test_a_file_without_a_verdict_is_held_and_its_mail_with_it(room: Room):
    number = await _came_in(room)
    assert [await _refusal(room, number, place) for place in (1, 2, None)] == ["file-not-scanned"] * 3


async def test_the_clean_file_is_handed_out_and_the_infected_one_and_its_mail_never_are(room: Room):
    number = await _came_in(room)
    for _ in range(2):
        await room.casework.follow_contacts.run([_verdicts(room)])
    assert [await _refusal(room, number, place) for place in (1, 2, None)] == ["", "file-infected", "file-infected"]
    with pytest.raises(InfectedFileError):
        await room.casework.read_shown.run(number, contact("a"), MARIA)
    [row] = await room.rows("SELECT flags, attachments FROM casework.contacts")
    assert row["flags"] == ["no_sender", "infected"]
    assert [one["store_key"] for one in row["attachments"]] == [GOOD, quarantine_key(BAD)]


async def test_a_verdict_reaches_the_copies_of_a_contact_in_other_cases(room: Room):
    await _came_in(room)
    async with room.casework.follow_contacts.uow.begin() as work:
        await work.moving.copy_contact(contact("a"), "copy")
        await work.moving.copy_contact("copy", "copy of the copy")
    await room.casework.follow_contacts.run([_verdicts(room)])
    rows = await room.rows("SELECT flags, attachments FROM casework.contacts")
    assert len(rows) == 3
    for row in rows:
        assert "infected" in row["flags"]
        assert [one["scan"] for one in row["attachments"]] == ["clean", "infected"]


async def test_all_clean_nothing_is_held(room: Room):
    number = await _came_in(room)
    await room.casework.follow_contacts.run([_verdicts(room, "clean")])
    assert [await _refusal(room, number, place) for place in (1, 2, None)] == ["", "", ""]
    [row] = await room.rows("SELECT flags FROM casework.contacts")
    assert row["flags"] == ["no_sender"]


async def test_only_the_whole_without_a_verdict_holds_the_mail_alone(room: Room):
    number = await _came_in(room)
    both = ContactScanned(contact_id=contact("a"), files=_verdicts(room, "clean").files[:2], scanned_at=room.time())
    await room.casework.follow_contacts.run([both])
    assert [await _refusal(room, number, place) for place in (1, 2, None)] == ["", "", "file-not-scanned"]


async def test_a_verdict_on_an_erased_or_unknown_contact_changes_nothing(room: Room):
    await room.casework.follow_contacts.run([_verdicts(room)])
    await _came_in(room)
    purged = ContactPurged(contact_id=contact("a"), purged_at=room.time(), reason="plan")
    await room.casework.follow_contacts.run([purged])
    await room.casework.follow_contacts.run([_verdicts(room)])
    [row] = await room.rows("SELECT flags, purged_at FROM casework.contacts")
    assert row["purged_at"] is not None
    assert "infected" not in row["flags"]


@needs_clamd
async def test_no_file_goes_out_with_a_reply_that_is_not_called_clean(room: Room, scanner: Scanner):
    number = await _came_in(room)
    files = replace(room.casework.outgoing.files, scanner=Clamd(str(scanner.socket)))
    nobody = replace(files, scanner=Clamd(f"{scanner.socket}.none"))
    with pytest.raises(MaliciousFileError):
        await files.run(number, MARIA, "avtal.pdf", "application/pdf", MALWARE)
    with pytest.raises(UncheckedFileError):
        await nobody.run(number, MARIA, "avtal.pdf", "application/pdf", b"%PDF-1.7")
    await files.run(number, MARIA, "avtal.pdf", "application/pdf", b"%PDF-1.7")
    draft = await room.casework.outgoing.draft.run(number, MARIA)
    assert [one.name for one in draft.files] == ["avtal.pdf"]
