"""What came in, as it came, in a folder (the bucket is the same library)."""

import os
from pathlib import Path

import pytest

from shared.errors import NotFoundError, PermanentError, TransientError
from shared.originals import Originals, attachment_key, original_key, safe_name


@pytest.fixture
def originals(tmp_path: Path) -> Originals:
    return Originals(f"file://{tmp_path / 'the originals'}")


async def test_what_is_put_can_be_got_and_put_again(originals: Originals) -> None:
    key = original_key("contact-1")
    for _ in range(2):
        await originals.put(key, b"From: anna\xff\x00", content_type="message/rfc822")
    assert await originals.get(key) == b"From: anna\xff\x00"


async def test_deleting_a_contact_takes_everything_of_it_and_nothing_else(originals: Originals) -> None:
    await originals.put(original_key("contact-1"), b"1", content_type="text/plain")
    await originals.put(attachment_key("contact-1", 1, "a.pdf"), b"2", content_type="application/pdf")
    await originals.put(original_key("contact-10"), b"3", content_type="text/plain")
    for _ in range(2):
        await originals.delete("contact-1")
    for key in (original_key("contact-1"), attachment_key("contact-1", 1, "a.pdf")):
        with pytest.raises(NotFoundError):
            await originals.get(key)
    assert await originals.get(original_key("contact-10")) == b"3"


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "a/../b", "", "a//b", "a/.hidden/b", "a\nb", "å"])
async def test_a_key_never_leaves_the_store(originals: Originals, key: str) -> None:
    for call in (originals.get(key), originals.put(key, b"", content_type="text/plain"), originals.delete(key)):
        with pytest.raises(PermanentError):
            await call


async def test_a_store_that_cannot_be_written_is_a_transient_error(tmp_path: Path) -> None:
    originals = Originals(f"file://{tmp_path}")
    (tmp_path / "contact-1").write_text("a file where a folder should be")
    with pytest.raises(TransientError):
        await originals.put(original_key("contact-1"), b"1", content_type="text/plain")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was put on the disk, by name, and when a file got its own."""
    seen: list[str] = []
    sync, replace = os.fsync, os.replace

    def synced(opened: int) -> None:
        seen.append(Path(f"/proc/self/fd/{opened}").readlink().name.partition("#")[0])
        sync(opened)

    def named(draft: str, path: str) -> None:
        replace(draft, path)
        seen.append("named")

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", named)
    return seen


async def test_a_file_and_its_folders_are_on_the_disk_before_it_is_said_to_be_kept(
    tmp_path: Path, disk: list[str]
) -> None:
    url = f"file://{tmp_path / 'kept'}"
    await Originals(url).put(attachment_key("contact-1", 1, "a.pdf"), b"2", content_type="application/pdf")
    assert disk == ["1-a.pdf", "named", "attachments", "contact-1", "kept"]
    disk.clear()
    await Originals(url, durable=False).put(original_key("contact-2"), b"1", content_type="text/plain")
    assert disk == ["named"]


async def test_what_the_disk_refuses_is_not_kept_and_may_be_tried_again(
    originals: Originals, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(TransientError):
            await originals.put(original_key("contact-1"), b"1", content_type="text/plain")
    with pytest.raises(NotFoundError):
        await originals.get(original_key("contact-1"))
    await originals.put(original_key("contact-1"), b"1", content_type="text/plain")
    assert await originals.get(original_key("contact-1")) == b"1"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Ansökan om bygglov.pdf", "Ansokan-om-bygglov.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\anna\\bild.JPG", "bild.JPG"),
        ("...", "file"),
        ("", "file"),
        ("日本.txt", "txt"),
        ("a" * 300 + ".pdf", "a" * 70 + ".pdf"),
        ("b" * 300, "b" * 80),
        ("rad\r\nbrytning.txt", "rad-brytning.txt"),
    ],
)
def test_file_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert attachment_key("c", 2, name) == f"c/attachments/2-{safe}"
