"""Which language a reader gets, and that no text lacks its English."""

import ast
import importlib
from pathlib import Path

import pytest
from jinja2.ext import extract_from_ast

import shared.web.errors as web_errors
from services.casework.domain.case import MERGED_WORDS, STATE_WORDS
from services.casework.domain.checklist_problems import PROBLEM_WORDS
from services.casework.domain.lifecycle import PHASE_WORDS
from services.casework.usecases import directory, overtaken, people, standing
from services.casework.usecases.checklists import examples
from services.casework.web import cases_pages, checklist_form, deed_words, typed
from services.casework.web.login import ROLE_NAMES
from services.casework.web.params_page import MEASURES
from services.router.domain.rule_table import FIRST_TABLE
from shared.errors import DomainError
from shared.web.languages import Texts, preferred, read_english
from shared.web.pages import TEMPLATES, make_environment, translation_folders

SERVICES = ("intake", "router", "casework", "stats")
ROOT = Path(__file__).parents[3]
SHARED = ROOT / "shared/web/translations/en.po"
FOLDERS = [TEMPLATES, *sorted(ROOT.glob("services/*/templates"))]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "sv"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("fi,en;q=0.5,sv;q=0.4", "en"),
        ("de", "sv"),
        ("en;q=rubbish", "sv"),
    ],
)
def test_the_language_a_browser_prefers(header, language):
    assert preferred(header) == language


def english_of(folder: Path) -> set[str]:
    own = folder.parent / "translations/en.po"
    return set(read_english(SHARED)) | (set(read_english(own)) if own.exists() else set())


def templates() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted(folder.rglob("*.html"))]


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_text_of_a_template_is_in_english_too(path):
    folder = next(folder for folder in FOLDERS if path.is_relative_to(folder))
    tree = make_environment([folder], Texts([]), assets()).parse(path.read_text(encoding="utf-8"))
    found = [message for _, _, message in extract_from_ast(tree, gettext_functions=("_", "n_"))]
    wanted = {text for message in found for text in [message[0] if isinstance(message, tuple) else message] if text}
    assert not wanted - english_of(folder)


def assets():
    from shared.web.assets import Assets  # noqa: PLC0415 - a bare one

    return Assets({})


@pytest.mark.parametrize(
    "package", ["shared", "services/intake", "services/router", "services/casework", "services/stats"]
)
def test_every_problem_is_in_english_too(package):
    known = english_of(ROOT / package / "templates")
    assert not set(titles(ROOT / package)) - known


def test_the_texts_of_the_timeline_and_of_roles_are_in_english_too():
    assert not {*cases_pages.TEXTS, *ROLE_NAMES.values(), *MEASURES.values()} - english_of(
        ROOT / "services/casework/templates"
    )


def test_what_is_said_of_a_case_and_its_people_is_in_english_too():
    said = {
        *deed_words.TEXTS,
        *standing.TEXTS,
        *people.TEXTS,
        *directory.TEXTS,
        *STATE_WORDS.values(),
        *PHASE_WORDS.values(),
        *PROBLEM_WORDS.values(),
        MERGED_WORDS,
    }
    assert not said - english_of(ROOT / "services/casework/templates")


def test_every_problem_of_the_four_services_is_found_and_in_english_too():
    """By the classes themselves: a title that is built, or inherited from somewhere else, is not missed."""
    for service in SERVICES:
        importlib.import_module(f"services.{service}.main")
    found = {error for error in problems(DomainError) if error.__module__.startswith(("shared.", "services."))}
    assert {"NoReceiverError", "NoLongerYoursError", "UnknownEntranceError", "TooMuchLoadError"} <= {
        error.__name__ for error in found
    }
    for error in found:
        package = error.__module__.split(".")[1] if error.__module__.startswith("services.") else ""
        folder = ROOT / "services" / package / "templates" if package else TEMPLATES
        assert error.title in english_of(folder), f"{error.__name__}: {error.title}"


def problems(kind: type[DomainError]) -> set[type[DomainError]]:
    """The class and all that come of it."""
    return {kind}.union(*(problems(one) for one in kind.__subclasses__()))


def test_the_rules_that_the_router_begins_with_have_words():
    words = (ROOT / "services/casework/templates/words.html").read_text(encoding="utf-8")
    names = [str(rule["name"]) for rule in FIRST_TABLE if "name" in rule]
    assert names
    assert not [name for name in names if f'"{name}": _(' not in words]


def test_what_is_said_beside_a_field_is_in_english_too():
    assert not {*typed.TEXTS, *overtaken.TEXTS, *checklist_form.TEXTS, *examples.TEXTS} - english_of(
        ROOT / "services/casework/templates"
    )


def test_the_texts_of_bad_input_are_in_english_too():
    assert not set(web_errors.TEXTS) - set(read_english(SHARED))


def titles(folder: Path) -> list[str]:
    """The `title` of every error class in a folder: what the reader of a problem is told."""
    return [
        str(statement.value.value)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
        for statement in node.body
        if isinstance(statement, ast.Assign)
        and getattr(statement.targets[0], "id", "") == "title"
        and isinstance(statement.value, ast.Constant)
    ]


def test_texts_fill_their_braces_and_fall_back_to_swedish(tmp_path):
    (tmp_path / "en.po").write_text('msgid ""\nmsgstr ""\n\nmsgid "Hej {name}"\nmsgstr "Hello {name}"\n')
    texts = Texts([tmp_path, tmp_path / "nowhere"])
    assert texts.text("en", "Hej {name}", name="Maria") == "Hello Maria"
    assert texts.text("sv", "Hej {name}", name="Maria") == "Hej Maria"
    assert texts.text("en", "Okänd {klammer}") == "Okänd {klammer}"


def test_plurals_count(tmp_path):
    (tmp_path / "en.po").write_text(
        'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "{count} mejl"\nmsgid_plural "{count} mejl"\nmsgstr[0] "{count} email"\nmsgstr[1] "{count} emails"\n'
    )
    texts = Texts([tmp_path])
    assert [texts.plural("en", "{count} mejl", "{count} mejl", n) for n in (1, 2)] == [
        "{count} email",
        "{count} emails",
    ]
    assert texts.plural("sv", "ett", "flera", 2) == "flera"


def test_translations_lie_beside_the_templates(tmp_path):
    assert translation_folders([tmp_path / "templates"]) == [SHARED.parent, tmp_path / "translations"]
