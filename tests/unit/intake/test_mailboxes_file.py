"""The file of mailboxes: what it gives, and that each mistake in it is named with its line."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.intake.__main__ import cli
from services.intake.channels.account import Account, OAuth2, Security
from services.intake.channels.mailboxes_file import read_mailboxes
from services.intake.channels.settings_file import SettingsFileError
from services.intake.settings import Settings
from services.intake.wiring.mail import make_accounts
from tests.support.scripted_imap import ScriptedImap, scripted_imap

WHOLE = """
mailboxes:
  - name: kontakt
    host: imap.kommun.example
    user: kontakt@kommun.example
    password: {env: KC_TEST_PASSWORD}
  - name: bostad
    host: outlook.office365.example
    security: starttls
    user: Bostad@Kommun.example
    oauth2:
      token_url: https://login.example/tenant/oauth2/v2.0/token
      client_id: app-1
      client_secret: {file: SECRET}
      scope: https://outlook.office365.example/.default
    folder: INBOX/Inkommet
    processed: INBOX/Klart
    entrance: mejl-bostad
    import_before: 2026-12-01
    page: 200
    timeout: 30
    poll_seconds: 60
"""


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KC_TEST_PASSWORD", "hemligt")


def written(folder: Path, text: str) -> str:
    (folder / "secret").write_text("hemligare\n")
    path = folder / "mailboxes.yaml"
    path.write_text(text.replace("SECRET", str(folder / "secret")))
    return str(path)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsFileError) as raised:
        read_mailboxes(written(folder, text))
    return [str(fault) for fault in raised.value.faults]


def one(*lines: str, without: str = "") -> str:
    """Return the text of a file of one mailbox, with other lines for some of its own."""
    given = {
        "name": "name: kontakt",
        "host": "host: imap.kommun.example",
        "user": "user: kontakt@kommun.example",
        "password": "password: {env: KC_TEST_PASSWORD}",
    }
    given |= {line.partition(":")[0]: line for line in lines}
    kept = [line for key, line in given.items() if key != without]
    return "mailboxes:\n  - " + "\n    ".join(kept) + "\n"


def test_each_mailbox_has_its_own_server_login_folders_and_entrance(tmp_path: Path) -> None:
    first, second = read_mailboxes(written(tmp_path, WHOLE))
    assert first == Account(
        "imap.kommun.example",
        993,
        "kontakt@kommun.example",
        "hemligt",
        label="kontakt",
        address="kontakt@kommun.example",
    )
    assert second == Account(
        "outlook.office365.example",
        143,
        "Bostad@Kommun.example",
        folder="INBOX/Inkommet",
        processed="INBOX/Klart",
        security=Security.STARTTLS,
        timeout=30,
        oauth2=OAuth2(
            "https://login.example/tenant/oauth2/v2.0/token",
            "app-1",
            "hemligare",
            "https://outlook.office365.example/.default",
        ),
        label="bostad",
        address="bostad@kommun.example",
        entrance="mejl-bostad",
        import_before=date(2026, 12, 1),
        page=200,
        poll_seconds=60,
    )
    assert (first.part, second.part) == ("imap:kontakt", "imap:bostad")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (one("colour: blue"), "line 6: mailboxes.0.colour: Extra inputs are not permitted"),
        (one("port: 70000"), "line 6: mailboxes.0.port: Input should be less than or equal to 65535"),
        (one("name: Två ord"), "line 2: mailboxes.0.name: String should match pattern"),
        (one("security: ssl"), "line 6: mailboxes.0.security: Input should be 'tls', 'starttls' or 'none'"),
        (one("security: none"), "line 2: mailboxes.0: `security: none` sends the login in clear"),
        (one("processed: INBOX"), "line 2: mailboxes.0: `processed` must be another folder than `folder`"),
        (one("ca_file: /nowhere/ca.pem"), "line 6: mailboxes.0.ca_file: there is no such file"),
        (one("import_before: snart"), "line 6: mailboxes.0.import_before: Input should be a valid date"),
        (one(without="host"), "line 2: mailboxes.0.host: Field required"),
        (one(without="password"), "line 2: mailboxes.0: must have either `password` or `oauth2`"),
        (one("password: hemligt"), "line 5: mailboxes.0.password: Input should be"),
        (one("password: {env: KC_NOT_THERE}"), "line 5: mailboxes.0.password: there is nothing in KC_NOT_THERE"),
        (one("password: {file: /nowhere/x}"), "line 5: mailboxes.0.password: there is nothing in /nowhere/x"),
        (one("password: {env: A, file: b}"), "line 5: mailboxes.0.password: must name either `env` or `file`"),
        (one("host: a") + "    host: b\n", "line 6: mailboxes.0.host: stands twice"),
        ("mailboxes: []\n", "line 1: mailboxes: List should have at least 1 item"),
        ("", "line 1: the file: Input should be a valid dictionary"),
        ("mailboxes:\n  - [\n", "line 3: the file: is not YAML:"),
        (one() + "boxes: 1\n", "line 6: boxes: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    assert [one.startswith(fault) for one in faults(tmp_path, text)] == [True], faults(tmp_path, text)


def test_all_mistakes_are_named_at_once_and_none_of_the_file_is_used(tmp_path: Path) -> None:
    text = WHOLE.replace("page: 200", "page: 0").replace("https://login.example", "http://login.example")
    assert [fault.partition(": ")[2].partition(":")[0] for fault in faults(tmp_path, text)] == [
        "mailboxes.1.oauth2.token_url",
        "mailboxes.1.page",
    ]


def test_two_mailboxes_of_one_name_or_one_folder_are_a_mistake(tmp_path: Path) -> None:
    text = one() + one().partition("\n")[2]
    assert faults(tmp_path, text) == [
        "line 6: mailboxes.1.folder: another mailbox reads the same folder",
        "line 6: mailboxes.1.name: another mailbox has this name",
    ]


def test_a_mistake_never_shows_a_secret(tmp_path: Path) -> None:
    with pytest.raises(SettingsFileError) as raised:
        read_mailboxes(written(tmp_path, one("password: SkrivetHär")))
    assert "SkrivetHär" not in str(raised.value)


def test_a_file_that_is_not_there_is_said_so() -> None:
    with pytest.raises(SettingsFileError, match=r"/nowhere\.yaml:\nline 1: the file: cannot be read: No such file"):
        read_mailboxes("/nowhere.yaml")


def test_in_clear_is_for_loopback_or_where_it_is_meant(tmp_path: Path) -> None:
    (here,) = read_mailboxes(written(tmp_path, one("security: none", "host: 127.0.0.1")))
    (meant,) = read_mailboxes(written(tmp_path, one("security: none", "insecure: true")))
    assert {here.security, meant.security} == {Security.NONE}


def test_the_settings_are_the_short_way_to_one_mailbox_beside_the_file(tmp_path: Path) -> None:
    settings = Settings(imap_host="127.0.0.1", imap_port=3143, imap_user="Kontakt@kommun.example")
    (single,) = make_accounts(settings)
    assert (single.label, single.part, single.security) == ("", "imap", Security.NONE)
    assert single.address == "kontakt@kommun.example"
    both = make_accounts(settings.model_copy(update={"mailboxes": written(tmp_path, WHOLE)}))
    assert [account.label for account in both] == ["", "kontakt", "bostad"]
    assert make_accounts(Settings()) == ()


def test_the_command_names_the_mailboxes_every_mistake_and_what_is_wrong_with_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_imap(ScriptedImap(password="another")) as server:
        text = one("security: none", "host: 127.0.0.1", f"port: {server.port}")
        monkeypatch.setenv("KC_MAILBOXES", written(tmp_path, text))
        said = CliRunner().invoke(cli, ["check-mailboxes"])
        assert (said.exit_code, said.stdout) == (
            0,
            "imap:kontakt kontakt@kommun.example@127.0.0.1/INBOX (none): ok\n",
        )
        said = CliRunner().invoke(cli, ["check-mailboxes", "--connect"])
        assert said.exit_code == 1
        assert "(none): the login is refused: [AUTHENTICATIONFAILED] wrong password" in said.stdout
    monkeypatch.setenv("KC_MAILBOXES", written(tmp_path, one("page: 0")))
    said = CliRunner().invoke(cli, ["check-mailboxes"])
    assert said.exit_code == 1
    assert "line 6: mailboxes.0.page: Input should be greater than or equal to 1" in said.stderr
