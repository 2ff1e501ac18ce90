"""Pages: Jinja2 with everything escaped, Swedish as the source language, and the filters that pages share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from markupsafe import Markup

from shared.web import csrf, formats
from shared.web.access import Action, allow
from shared.web.assets import Assets
from shared.web.languages import Texts, choose_language
from shared.web.links import Links

TEMPLATES = Path(__file__).parent / "templates"
KEPT = frozenset({"components.html", "words.html", "editor_words.html", "partials/words.html"})
"""Macros that use nothing but what every page has; twenty parts of a page import them."""
_MADE = "_made"


class _Once(Template):
    """A template; what it gives to those that import it is made once for a page where that is the same for all."""

    def make_module(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002 - Jinja's own names
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,  # noqa: A002 - the same
    ) -> TemplateModule:
        made: dict[str, TemplateModule] | None = (vars or {}).get(_MADE)
        if made is None or self.name not in KEPT:
            return super().make_module(vars, shared, locals)
        if self.name not in made:
            made[self.name] = super().make_module(vars, shared)
        return made[self.name]


class Pages:
    """Renders the templates of a service on the shared layout."""

    def __init__(
        self, dirs: Sequence[Path], *, texts: Texts | None = None, assets: Assets | None = None, title: str = ""
    ) -> None:
        self._texts = texts or Texts(translation_folders(dirs))
        self._assets = assets or Assets({})
        self._title = title
        self.environment = make_environment(dirs, self._texts, self._assets)

    def render(self, request: Request, name: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
        """Render a template, whole page or partial, in the reader's language."""
        language = choose_language(request)
        html = self.environment.get_template(name).render(self._base(request, language) | context)
        headers = {"content-language": language, "vary": "Accept-Language, Cookie, HX-Request"}
        return HTMLResponse(html, status_code=status_code, headers=headers)

    def _base(self, request: Request, language: str) -> dict[str, Any]:
        session = getattr(request.state, "session", None)
        key = request.app.state.settings.key_for("csrf")
        person = getattr(request.state, "person", None)
        return {
            "request": request,
            "lang": language,
            "person": person,
            "may": lambda action: person is not None and allow(person, Action(action)),
            "csrf_token": csrf.token_for(key, session.key) if session is not None else "",
            "service_title": self._title,
            "theme": _choice(request, "kc_theme", ("light", "dark")),
            "shortcuts": request.cookies.get("kc_keys") != "off",
            "link": Links(request.app.state.settings, request.app.state.service).to,
            _MADE: {},
        }


def make_environment(dirs: Sequence[Path], texts: Texts, assets: Assets) -> Environment:
    """Build the Jinja2 environment: a service's templates before the shared ones, an undefined name is an error."""
    environment = Environment(
        loader=FileSystemLoader([*dirs, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.template_class = _Once
    environment.globals |= {"_": _translator(texts), "n_": _plural_translator(texts), "asset": assets.url}
    environment.globals["csrf_field"] = _csrf_field
    environment.filters |= formats.FILTERS
    return environment


def translation_folders(dirs: Sequence[Path]) -> list[Path]:
    """Return where the translations lie: beside each folder of templates, and the shared one."""
    return [TEMPLATES.parent / "translations", *(folder.parent / "translations" for folder in dirs)]


def _translator(texts: Texts) -> Any:
    @pass_context
    def translate(context: Context, text: str, /, **params: Any) -> Markup:
        found = Markup(texts.plain(context["lang"], text))  # noqa: S704 - the text is ours, the params are escaped
        return found.format(**params) if params else found

    return translate


def _plural_translator(texts: Texts) -> Any:
    @pass_context
    def translate(context: Context, one: str, many: str, count: int, /, **params: Any) -> Markup:
        found = Markup(texts.plural(context["lang"], one, many, count))  # noqa: S704 - the text is ours
        return found.format(count=count, **params)

    return translate


@pass_context
def _csrf_field(context: Context) -> Markup:
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(csrf.FIELD, context["csrf_token"])


def _choice(request: Request, cookie: str, allowed: tuple[str, ...]) -> str:
    value = request.cookies.get(cookie, "")
    return value if value in allowed else ""
