"""A part that asks says for itself what its answer does: nothing of it is inherited from what stands around it."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted([*ROOT.glob("services/*/templates/**/*.html"), *ROOT.glob("shared/web/templates/*.html")])
_TAG = re.compile(r'<[a-z]+\s(?:[^<>"]|"[^"]*")*>')
_SWAP_OF_FORM = ("formaction=", 'hx-post="{{ at }}/')
"""The buttons of the form of a step: the form says for them, by name, what they inherit."""


def test_inheritance_is_off_for_every_page() -> None:
    layout = (ROOT / "shared/web/templates/layout.html").read_text()
    found = re.search(r"name=\"htmx-config\" content='([^']+)'", layout)
    assert found
    assert json.loads(found[1])["disableInheritance"] is True
    elsewhere = [path for path in TEMPLATES if 'name="htmx-config"' in path.read_text()]
    assert elsewhere == [ROOT / "shared/web/templates/layout.html"]


def test_who_asks_says_how_the_answer_is_swapped() -> None:
    silent = []
    for path in TEMPLATES:
        text = path.read_text()
        inherits = "hx-inherit=" in text
        for tag in _TAG.findall(text):
            asks = "hx-get=" in tag or "hx-post=" in tag
            if asks and "hx-swap=" not in tag and not (inherits and all(word in tag for word in _SWAP_OF_FORM)):
                silent.append(f"{path.name}: {tag[:120]}")
    assert silent == []
