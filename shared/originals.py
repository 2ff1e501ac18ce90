"""What came in, as it came: originals, attachments and recordings, in a folder or an S3-compatible bucket.

Keys begin with the contact id, so that erasing a contact is deleting one prefix.
"""

import asyncio
import contextlib
import os
import re
import secrets
import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as NoSuchObject
from obstore.store import LocalStore, from_url

from shared.errors import NotFoundError, PermanentError, TransientError

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9_][A-Za-z0-9._=-]*)*")
_DEADLINE = 20.0


def original_key(contact_id: str) -> str:
    """Return the key of a contact's original."""
    return f"{contact_id}/original"


def attachment_key(contact_id: str, number: int, name: str) -> str:
    """Return the key of an attachment; its name is made safe, its number keeps two of one name apart."""
    return f"{contact_id}/attachments/{number}-{safe_name(name)}"


def is_attachment(store_key: str) -> bool:
    """Say whether a file of a contact lies there, and not the whole of what came in."""
    return store_key.split("/")[1:2] == ["attachments"]


def quarantine_key(store_key: str) -> str:
    """Return where an infected file lies instead of at its key: below its contact, so that it is erased with it."""
    contact_id, _, rest = store_key.partition("/")
    return f"{contact_id}/quarantine/{rest.rpartition('/')[2]}"


def quarantined(store_key: str) -> bool:
    """Say whether what lies there may never be handed out."""
    return store_key.split("/")[1:2] == ["quarantine"]


def safe_name(name: str) -> str:
    """Return a file name of letters, digits, hyphens and dots, at most 80 long, that no system misreads."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", plain.replace("\\", "/").rsplit("/", 1)[-1])
    plain = re.sub(r"\.{2,}", ".", plain).strip(".-")
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[:70]}{dot}{ending[:9]}" if dot else plain[:80] or "file"


class Originals:
    """The store; writing the same key again with the same bytes changes nothing.

    What `put` has kept outlives a loss of power: in a folder, file and folders are on the disk when it returns, unless
    `durable` is off, which trades safety for speed, for tests. obstore has no such promise for a folder.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self._store = _open(url)
        self._durable = durable
        self._folder = Path(unquote(urlsplit(url).path)) if isinstance(self._store, LocalStore) else None

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Keep `data` under `key`; a bucket also keeps the content type."""
        _check(key)
        try:
            async with asyncio.timeout(_DEADLINE):
                if self._folder is not None:
                    # A quarter of the CPU of obstore's way to a folder, which counts in the hottest door.
                    await asyncio.to_thread(_write, str(self._folder), key, data, durable=self._durable)
                else:
                    await obstore.put_async(self._store, key, data, attributes={"Content-Type": content_type})
        except (BaseError, OSError, TimeoutError) as error:
            raise TransientError(f"originals: {type(error).__name__}") from error

    async def get(self, key: str) -> bytes:
        """Return the bytes of `key`; NotFoundError when there are none."""
        _check(key)
        try:
            async with asyncio.timeout(_DEADLINE):
                found = await obstore.get_async(self._store, key)
                return bytes(await found.bytes_async())
        except (NoSuchObject, FileNotFoundError) as error:
            raise NotFoundError(f"no original {key}") from error
        except (BaseError, OSError, TimeoutError) as error:
            raise TransientError(f"originals: {type(error).__name__}") from error

    async def remove(self, key: str) -> None:
        """Remove what lies at one key; what is gone already is fine."""
        _check(key)
        try:
            async with asyncio.timeout(_DEADLINE):
                await obstore.delete_async(self._store, key)
        except (NoSuchObject, FileNotFoundError):
            return
        except (BaseError, OSError, TimeoutError) as error:
            raise TransientError(f"originals: {type(error).__name__}") from error

    async def delete(self, prefix: str) -> None:
        """Delete every key below `prefix` (a contact id); what is gone already is fine."""
        _check(prefix)
        try:
            async with asyncio.timeout(_DEADLINE):
                async for found in obstore.list(self._store, prefix=prefix):
                    await obstore.delete_async(self._store, [item["path"] for item in found])
        except (BaseError, OSError, TimeoutError) as error:
            raise TransientError(f"originals: {type(error).__name__}") from error


def _write(root: str, key: str, data: bytes, *, durable: bool) -> None:
    """Write a file that is either whole or not there; listings pass over names with `#` and digits.

    The folder of a contact is almost always new, and pathlib costs as much as the disk: this is the hottest door.
    """
    path = f"{root}/{key}"
    folder = path.rpartition("/")[0]
    try:
        os.mkdir(folder)  # noqa: PTH102 - see above
    except FileExistsError:
        pass
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - see above
    draft = f"{path}#{secrets.randbits(48)}"
    try:
        with open(draft, "wb") as file:  # noqa: PTH123 - see above
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(draft, path)  # noqa: PTH105 - see above
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)  # noqa: PTH108 - see above
        raise
    if durable:
        _sync_folders(folder, root)


def _sync_folders(folder: str, root: str) -> None:
    """Put the names of a file and of its folders on the disk, whoever has made them."""
    while len(folder) >= len(root):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
        folder = folder.rpartition("/")[0]


def _open(url: str) -> obstore.store.ObjectStore:
    if urlsplit(url).scheme in ("", "file"):
        return LocalStore(Path(unquote(urlsplit(url).path)), mkdir=True)
    return from_url(url)


def _check(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise PermanentError("not a key of originals")
