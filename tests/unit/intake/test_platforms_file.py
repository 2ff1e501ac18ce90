"""The file of e-service platforms: what it gives, and that each mistake in it is named with its line."""

from datetime import date
from pathlib import Path

import pytest

from services.intake.channels.platforms_file import read_platforms
from services.intake.channels.settings_file import SettingsFileError
from services.intake.domain.instance import Told

WHOLE = """
platforms:
  - name: kommunen
    url: https://e-tjanster.kommun.example/
    user: kontaktcenter
    proxy: http://proxy.kommun.example:3128
    password: {env: KC_TEST_PASSWORD}
    families:
      - id: 832
        form: felanmalan-bostad
        since: 2026-12-01
        statuses: [Inskickat, Komplettering inkommen]
        answers: {opened: Mottaget, closed: Avslutat}
      - {id: 900, form: bygglov, since: 2026-12-01}
"""


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KC_TEST_PASSWORD", "hemligt")


def written(folder: Path, text: str) -> str:
    path = folder / "platforms.yaml"
    path.write_text(text)
    return str(path)


def test_a_file_gives_platforms_with_their_families(tmp_path: Path):
    (platform,) = read_platforms(written(tmp_path, WHOLE))
    assert (platform.url, platform.password, platform.part) == (
        "https://e-tjanster.kommun.example",
        "hemligt",
        "eplatform:kommunen",
    )
    assert "hemligt" not in repr(platform)
    assert platform.proxy == "http://proxy.kommun.example:3128"
    first, second = platform.families
    assert (first.id, first.since, first.statuses) == (
        "832",
        date(2026, 12, 1),
        ("Inskickat", "Komplettering inkommen"),
    )
    assert first.answers == {Told.OPENED: "Mottaget", Told.CLOSED: "Avslutat"}
    assert (second.statuses, second.answers, second.overlap_days) == ((), {}, 2)
    assert platform.family("900") is second
    assert platform.family("1") is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("https://e", "http://e", "line 4: platforms.0.url: must begin with https://"),
        ("id: 900", "id: 832", "line 14: platforms.0.families.1.id: this family stands twice"),
        ("id: 900", "id: 90x", "line 14: platforms.0.families.1.id: String should match pattern '^[0-9]{1,18}$'"),
        ("closed: Av", "done: Av", "line 13: platforms.0.families.0.answers.done"),
        ("KC_TEST_PASSWORD", "KC_NOT_SET", "line 7: platforms.0.password: there is nothing in KC_NOT_SET"),
        ("proxy: http", "proxy: ftp", "line 6: platforms.0.proxy: String should match pattern"),
        ("user: ", "usr: ", "line 5: platforms.0.usr: Extra inputs are not permitted"),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, says: str):
    with pytest.raises(SettingsFileError) as raised:
        read_platforms(written(tmp_path, WHOLE.replace(old, new, 1)))
    assert any(str(fault).startswith(says) for fault in raised.value.faults), raised.value
