"""The doors of the mail: what became of every mail, for programs and people, and reading one again."""

from datetime import UTC, datetime

import httpx
import pytest
from typer.testing import CliRunner

from services.intake.__main__ import cli
from services.intake.domain.outcome import swedish_day
from services.intake.store.ledger import Ledger
from services.intake.usecases.receive_mail import Keys, RawMail, ReceiveMail
from shared.clock import utc_now
from shared.database import make_engine
from shared.events import ContactReread
from shared.originals import Originals
from shared.settings import ServiceSettings
from shared.vocabulary import Role
from shared.web.session import COOKIE
from tests.integration.intake.doors import BEARER, Intake
from tests.integration.intake.reading import ReadContacts
from tests.integration.intake.test_mailbox import letter
from tests.support.browser import cookie_of
from tests.support.parts import MailServer

pytestmark = pytest.mark.integration


async def take_in(intake: Intake, raw: bytes) -> str:
    """Take in a mail as the loop does."""
    settings, engine = intake.settings, make_engine(intake.settings, "intake")
    keys, state = Keys(settings.key_for("thread"), settings.key_for("person")), intake.app.state
    originals, seen = Originals(settings.originals), state.receive_form.seen
    receive = ReceiveMail(state.reception.catalogue, originals, intake.publisher, seen, Ledger(engine), utc_now, keys)
    try:
        (contact_id,) = await receive.receive([RawMail(raw, mailbox="k@m/INBOX", uidvalidity=1, uid=1)], "k@m")
    finally:
        await engine.dispose()
    return contact_id


async def get(intake: Intake, path: str) -> httpx.Response:
    return await intake.client.get(path, headers=BEARER)


async def test_the_proof_can_be_asked_for_by_a_program(intake: Intake) -> None:
    await take_in(intake, letter())
    body = (await get(intake, "/api/v1/mail/reconciliation")).json()
    assert body["items"] == [
        {
            "mailbox": "k@m/INBOX",
            "day": swedish_day(datetime.now(UTC)).isoformat(),
            "imported": 1,
            "follow_up": 0,
            "duplicate": 0,
            "automatic": 0,
            "quarantined": 0,
            "sum": 1,
            "seen": 1,
            "difference": 0,
            "listed": 0,
        }
    ]
    assert (body["differences"], body["quarantined"], body["next"]) == ([], [], None)
    first = await get(intake, "/api/v1/mail/reconciliation?to=0001-01-01")
    assert first.json()["items"] == []
    early = (await get(intake, "/api/v1/mail/reconciliation?from=2020-01-01&to=2020-01-31")).json()
    assert early["items"] == []


@pytest.mark.parametrize(
    "period", ["from=2020-01-01&to=2026-01-01", "from=2026-01-02&to=2026-01-01", "from=yesterday", "to=9999-99-99"]
)
async def test_a_period_that_is_none_is_refused(intake: Intake, period: str) -> None:
    answer = await get(intake, f"/api/v1/mail/reconciliation?{period}")
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_a_mail_is_read_again_by_its_door(intake: Intake, read_contacts: ReadContacts) -> None:
    contact_id = await take_in(intake, letter())
    answer = await intake.client.post(f"/api/v1/mails/{contact_id}/read-again", headers=BEARER)
    assert (answer.status_code, answer.json()) == (202, {"contact_id": contact_id, "unreadable": False})
    events = [one.event for one in await read_contacts()]
    assert [type(one) for one in events].count(ContactReread) == 1
    gone = await intake.client.post("/api/v1/mails/0190-nothing/read-again", headers=BEARER)
    assert gone.status_code == 404


async def test_only_who_supervises_sees_the_mail_and_nobody_repairs_what_is_not_there(intake: Intake) -> None:
    agent = {"cookie": f"{COOKIE}={await cookie_of(intake.settings, Role.AGENT)}", "accept": "text/html"}
    assert (await intake.client.get("/mail", headers=agent)).status_code == 403
    assert (await intake.client.get("/api/v1/mail/reconciliation")).status_code == 401
    lead = {"cookie": f"{COOKIE}={await cookie_of(intake.settings, Role.LEAD)}"}
    page = await intake.client.get("/mail", headers=lead)
    assert "Ingen brevlåda läses" in page.text
    assert "No mailbox is read" in (await intake.client.get("/mail", headers=lead | {"accept-language": "en"})).text
    for door in ("differences/0a/repair", "differences/0a/note", "quarantine/0a/retry"):
        assert (await intake.client.post(f"/api/v1/mail/{door}", headers=BEARER)).status_code == 404
        assert (await intake.client.post(f"/mail/{door}", headers=lead)).status_code == 403  # no token of a form


def test_the_command_says_by_its_exit_code_whether_all_is_well(
    settings: ServiceSettings, mail_server: MailServer, intake_engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    del intake_engine  # its tables are there
    address = mail_server.new_address()
    own = {"POSTGRES": settings.postgres, "IMAP_HOST": mail_server.host, "IMAP_TLS": "false", "IMAP_USER": address}
    for name, value in own.items():
        monkeypatch.setenv(f"KC_{name}", value)
    monkeypatch.setenv("KC_IMAP_PORT", str(mail_server.imap_port))
    well = CliRunner().invoke(cli, ["reconcile"])
    assert (well.exit_code, "every mail has one outcome" in well.output) == (0, True)
    monkeypatch.setenv("KC_IMAP_PORT", "1")
    assert CliRunner().invoke(cli, ["reconcile"]).exit_code == 1
