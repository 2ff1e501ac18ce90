"""Macros that are made once for a page: only those that are the same wherever on the page they are imported."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, meta

from shared.web.assets import Assets
from shared.web.languages import Texts
from shared.web.pages import KEPT, TEMPLATES, make_environment

ROOT = Path(__file__).parents[3]
FOLDERS = [TEMPLATES, *sorted(ROOT.glob("services/*/templates"))]
OF_EVERY_PAGE = {"request", "lang", "person", "may", "csrf_token", "service_title", "theme", "shortcuts", "link"}
KEPT_FILES = [(folder, name) for folder in FOLDERS for name in sorted(KEPT) if (folder / name).exists()]


@pytest.mark.parametrize(("folder", "name"), KEPT_FILES, ids=lambda one: str(one).removeprefix(str(ROOT)))
def test_they_use_nothing_but_what_every_page_has(folder: Path, name: str) -> None:
    environment = make_environment([folder], Texts([]), Assets({}))
    tree = environment.parse((folder / name).read_text(encoding="utf-8"))
    assert not meta.find_undeclared_variables(tree) - set(environment.globals) - OF_EVERY_PAGE


def test_they_are_made_once_for_a_page_and_anew_for_the_next() -> None:
    environment = make_environment([], Texts([]), Assets({}))
    part = '{% import "components.html" as c with context %}{{ c.hello() }}'
    environment.loader = DictLoader(
        {
            "components.html": "{% set made = make() %}{% macro hello() %}{{ made }}{{ lang }} {% endmacro %}",
            "page.html": part + '{% for lang in ["de"] %}{% include "part.html" %}{% endfor %}',
            "part.html": part,
        }
    )
    count = iter(range(9))
    said = [
        environment.get_template("page.html").render(lang=lang, make=lambda: next(count), _made={})
        for lang in ("sv", "en")
    ]
    assert said == ["0sv 0sv ", "1en 1en "]
