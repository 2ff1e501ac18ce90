"""A whole intake that reads several mailboxes from their file: each mail by its entrance, one in trouble is named."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.part import HOST
from shared.events import ContactReceived
from shared.publish import Publisher
from shared.settings import ServiceSettings
from tests.integration.intake.doors import Intake, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.dovecot import Dovecot, needs_dovecot, password_of
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, needs_dovecot]

FILE = """
mailboxes:
  - name: kontakt
    {server}
    security: starttls
    user: {first}
    password: {{env: KC_TEST_FIRST}}
  - name: disken
    {server}
    security: starttls
    user: {second}
    password: {{file: {folder}/second}}
    processed: Läst
    entrance: stadshuset
    import_before: 2199-01-01
  - name: trasig
    {server}
    security: starttls
    user: {third}
    password: {{file: {folder}/second}}
    entrance: finns-inte
"""


def mail(number: int) -> bytes:
    return f"Message-ID: <{number}@example.se>\r\nFrom: anna@example.se\r\nSubject: {number}\r\n\r\nHej\r\n".encode()


@dataclass(frozen=True, slots=True)
class Users:
    """The logins of three mailboxes."""

    first: str
    second: str
    third: str


@pytest.fixture
def users(dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Users:
    made = Users(dovecot.new_user(), dovecot.new_user("disken"), dovecot.new_user("trasig"))
    monkeypatch.setenv("KC_TEST_FIRST", password_of(made.first))
    (tmp_path / "second").write_text(password_of(made.second) + "\n")
    server = f"host: {HOST}\n    port: {dovecot.port}\n    ca_file: {dovecot.trusted}"
    names = {"first": made.first, "second": made.second, "third": made.third}
    (tmp_path / "mailboxes.yaml").write_text(FILE.format(server=server, folder=tmp_path, **names))
    return made


@pytest.fixture
async def intake(
    users: Users, tmp_path: Path, settings: ServiceSettings, stocked: Publisher, intake_engine: object
) -> AsyncIterator[Intake]:
    mine = intake_settings(settings, mailboxes=str(tmp_path / "mailboxes.yaml"))
    async with started(mine, stocked) as running:
        yield running


async def test_each_mailbox_has_its_entrance_and_one_in_trouble_is_named_with_its_time(
    dovecot: Dovecot, users: Users, intake: Intake, read_contacts: ReadContacts
) -> None:
    begun = datetime.now(UTC)
    dovecot.append(users.first, [mail(1)])
    dovecot.append(users.second, [mail(2)])
    await eventually(lambda: dovecot.holds(users.first, "Behandlat", 1), timeout=30)
    await eventually(lambda: dovecot.holds(users.second, "L&AOQ-st", 1), timeout=30)
    await eventually(lambda: settled(intake))
    body = (await intake.client.get("/health/ready")).json()
    assert body["status"] == "degraded"
    assert body["failing"]["imap:trasig"].startswith("the login is refused: [AUTHENTICATIONFAILED]")
    assert body["failing"]["imap:trasig.entrance"] == "the entrance finns-inte is not in the catalogue"
    assert begun - timedelta(minutes=1) <= datetime.fromisoformat(body["since"]["imap:trasig"]) <= datetime.now(UTC)
    events = [one.event for one in await read_contacts()]
    found = {one.subject: one for one in events if isinstance(one, ContactReceived)}
    assert (found["1"].entrance, found["1"].flags) == ("mejl", ("unknown_entrance",))
    assert (found["2"].entrance, found["2"].flags) == ("stadshuset", ("quiet",))


async def settled(intake: Intake) -> bool:
    """Say whether only the broken mailbox is in trouble, and the service ready all the same."""
    answer = await intake.client.get("/health/ready")
    return answer.status_code == 200 and set(answer.json()["failing"]) == {"imap:trasig", "imap:trasig.entrance"}
