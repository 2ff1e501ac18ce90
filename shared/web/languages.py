"""Swedish is the source, English the other language: which one a reader gets, and its texts."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from fastapi import Request

LANGUAGES = ("sv", "en")
LANGUAGE_COOKIE = "kc_lang"


def choose_language(request: Request) -> str:
    """Return the language of an answer: the person's choice, else what the browser prefers, else Swedish."""
    person = getattr(request.state, "person", None)
    if person is not None and person.language in LANGUAGES:
        return str(person.language)
    if (chosen := request.cookies.get(LANGUAGE_COOKIE)) in LANGUAGES:
        return str(chosen)
    return preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> str:
    """Return the best of our languages by an Accept-Language header."""
    best, best_weight = "sv", 0.0
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.split("-")[0].lower()
        if language in LANGUAGES and (value := _weight(weight)) > best_weight:
            best, best_weight = language, value
    return best


class Texts:
    """The texts of the product: the Swedish text is the key, `translations/en.po` has its English."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._english: dict[str, tuple[str, ...]] = {}
        for folder in folders:
            if (path := folder / "en.po").exists():
                self._english |= read_english(path)

    def text(self, language: str, text: str, /, **params: Any) -> str:
        """Return `text` in `language` with its `{braces}` filled."""
        return self._fill(self.plain(language, text), params)

    def plain(self, language: str, text: str) -> str:
        """Return `text` in `language`, braces untouched."""
        return self._english.get(text, (text,))[0] if language == "en" else text

    def plural(self, language: str, one: str, many: str, count: int) -> str:
        """Return the form for `count`, braces untouched."""
        if language != "en":
            return one if count == 1 else many
        forms = self._english.get(one, (one, many))
        return forms[0] if count == 1 else forms[-1]

    @staticmethod
    def _fill(text: str, params: dict[str, Any]) -> str:
        return text.format(**params) if params else text


def read_english(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the translations of a po file by their Swedish text; empty ones are left out."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="en")
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        swedish = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
        forms: Sequence[str] = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if swedish and forms and all(forms):
            found[swedish] = tuple(forms)
    return found


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
