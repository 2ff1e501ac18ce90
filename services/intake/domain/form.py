"""The fields of a form as flat text: what matching reads, what the agent reads, whatever the form's shape is."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from services.intake.domain import text

MAX_FIELDS = 200
MAX_LOOKED_AT = 20_000
"""Fields and values that are looked at, empty ones included; what comes after them is not read."""
MAX_VALUE = 20_000
MAX_TEXT = 40_000
Value = TypeVar("Value")
_ADDRESS = re.compile(r"[^\s<>\"',;:()@]+@[^\s<>\"',;:()@]+\.[^\s<>\"',;:()@]+")
_WORDS = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Words:
    """A form's content: `fields` flat, `own` the answers in words, `full` every line with its label."""

    fields: dict[str, str]
    own: str
    full: str
    flags: tuple[str, ...]


def words(fields: Mapping[str, object] | None) -> Words:
    """Flatten nested fields to `a / b`; a form without any answer is `no_fields`."""
    walk = _Walk()
    pairs = list(islice(((name, value) for name, value in walk.flat(fields or {}, "") if value), MAX_FIELDS + 1))
    flags = ("no_fields",) if not pairs else ()
    cut = len(pairs) > MAX_FIELDS or walk.left < 0 or any(len(value) > MAX_VALUE for _, value in pairs)
    kept = {name: value[:MAX_VALUE] for name, value in pairs[:MAX_FIELDS]}
    own = "\n".join(value for value in kept.values() if _WORDS.search(value))
    full = "\n".join(f"{name}: {value}" for name, value in kept.items())
    long = len(full) > MAX_TEXT or sum(map(len, kept.values())) > MAX_TEXT
    if long:
        kept = dict(_within(kept, MAX_TEXT))
    return Words(kept, own[:MAX_TEXT], full[:MAX_TEXT], (*flags, "text_cut") if cut or long else flags)


def address(given: str | None) -> str | None:
    """Return a mail address that can be written to, in small letters, or None."""
    plain = (given or "").strip().lower()
    return plain if len(plain) < 255 and _ADDRESS.fullmatch(plain) else None


def _within(fields: Mapping[str, str], size: int) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        yield name, value[: max(size, 0)]
        size -= len(value)


@dataclass(slots=True)
class _Walk:
    """One walk through a form: `left` says how much more is looked at; below zero, not all of it was."""

    left: int = MAX_LOOKED_AT

    def flat(self, value: object, name: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, Mapping):
            for key, below in self._counted(value.items()):
                yield from self.flat(below, f"{name} / {key}" if name else text.one_line(str(key))[:200])
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if all(not isinstance(one, Mapping | list) for one in islice(value, max(self.left, 0))):
                yield name, ", ".join(_plain(one) for one in self._counted(value))
            else:
                for number, below in enumerate(self._counted(value), 1):
                    yield from self.flat(below, f"{name} {number}".strip())
        else:
            yield name, _plain(value)

    def _counted(self, some: Iterable[Value]) -> Iterator[Value]:
        for one in some:
            self.left -= 1
            if self.left < 0:
                return
            yield one


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case True:
            return "ja"
        case False:
            return "nej"
        case _:
            return text.clean(str(value)).strip()
