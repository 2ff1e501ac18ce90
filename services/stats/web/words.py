"""An alarm in words: the same sentence on the wallboard, in the list and in the event."""

from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from services.stats.domain.alarm import often
from services.stats.store.alarms import Alarm
from services.stats.web.names import Names
from shared.web.assets import Assets
from shared.web.languages import Texts
from shared.web.pages import make_environment, translation_folders

TEMPLATES = Path(__file__).parents[1] / "templates"


class Words:
    """Renders `partials/alarm_text.html` in a language, as plain text."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._environment = _environment()

    def swedish(self, alarm: Alarm) -> str:
        """Return headline and sentence in Swedish, as the event carries it."""
        return f"{self.headline(alarm, 'sv')}. {self.sentence(alarm, 'sv')}"

    def headline(self, alarm: Alarm, language: str) -> str:
        """Return what the alarm is about: `Ovanligt många: Bostadsbolag`."""
        return self._render("headline", alarm, language)

    def sentence(self, alarm: Alarm, language: str) -> str:
        """Return count, normal, odds and what most of it is."""
        return self._render("sentence", alarm, language)

    def _render(self, macro: str, alarm: Alarm, language: str) -> str:
        template = self._environment.get_template("partials/alarm_text.html")
        module = template.make_module({"lang": language, "names": self._names})
        text = getattr(module, macro)(alarm, often(alarm.odds, alarm.hours_a_week))
        return " ".join(Markup(text).unescape().split())  # noqa: S704 - our own template, made plain text again


def _environment() -> Environment:
    return make_environment([TEMPLATES], Texts(translation_folders([TEMPLATES])), Assets({}))
